{{- define "pyzoo.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pyzoo.headless" -}}
{{- include "pyzoo.fullname" . }}-headless
{{- end -}}

{{- define "pyzoo.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pyzoo.labels" -}}
{{ include "pyzoo.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{/* A line for each member: "server.N=host:quorum:election;client". */}}
{{- define "pyzoo.servers" -}}
{{- range $ordinal := until (int .Values.replicas) }}
server.{{ add1 $ordinal }}={{ include "pyzoo.fullname" $ }}-{{ $ordinal }}.{{ include "pyzoo.headless" $ }}.{{ $.Release.Namespace }}.svc.{{ $.Values.clusterDomain }}:2888:3888;2181
{{- end }}
{{- end -}}

{{/* Further lines of zoo.cfg. A member can listen before its own name resolves. */}}
{{- define "pyzoo.extra" }}
quorumListenOnAllIPs=true
{{- if .Values.metrics.enabled }}
metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider
metricsProvider.httpPort={{ .Values.metrics.port }}
{{- end }}
{{- with .Values.quorumTls }}
{{- if .enabled }}
sslQuorum=true
ssl.quorum.keyStore.location=/tls/{{ .keyStoreKey }}
ssl.quorum.keyStore.passwordPath=/tls/{{ .passwordKey }}
ssl.quorum.trustStore.location=/tls/{{ .trustStoreKey }}
ssl.quorum.trustStore.passwordPath=/tls/{{ .passwordKey }}
{{- /* No certificate has the address of a pod. */}}
ssl.quorum.clientHostnameVerification=false
{{- end }}
{{- end }}
{{- range $key, $value := .Values.config }}
{{ $key }}={{ if kindIs "float64" $value }}{{ int64 $value }}{{ else }}{{ $value }}{{ end }}
{{- end }}
{{- end -}}

{{/* Volume claims, as a list. */}}
{{- define "pyzoo.claim" -}}
- metadata:
    name: {{ .name }}
  spec:
    accessModes: ["ReadWriteOnce"]
    {{- with .storageClass }}
    storageClassName: {{ . | quote }}
    {{- end }}
    resources:
      requests:
        storage: {{ .size }}
{{- end -}}
