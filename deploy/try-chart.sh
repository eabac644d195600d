#!/usr/bin/env bash
# Renders the chart with helm for many values, validates it all, and compares deploy/kubernetes/pyzoo.yaml with it.
#
#   deploy/try-chart.sh [--write]     --write makes deploy/kubernetes/pyzoo.yaml anew
#
# Needs helm, and kubernetes-validate of `pip install ".[test]"`.
set -euo pipefail
cd "$(dirname "$0")/.."

chart=deploy/helm/pyzoo
manifest=deploy/kubernetes/pyzoo.yaml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

render() {
    helm template pyzoo "$chart" --namespace zookeeper --kube-version 1.31 "$@"
}

validated() {
    echo "--- $*"
    render "$@" > "$scratch/rendered.yaml"
    kubernetes-validate --strict --quiet -k 1.31 "$scratch/rendered.yaml"
}

refused() {
    echo "--- refused: $*"
    if render "$@" > "$scratch/out" 2>&1; then
        echo "these values should have been refused" >&2
        exit 1
    fi
}

helm lint --strict "$chart"
validated
validated --set replicas=1
validated --set replicas=5 --set antiAffinity=required --set terminationGracePeriodSeconds=60
validated --set antiAffinity=none --set podDisruptionBudget.enabled=false --set metrics.enabled=false
validated --set persistence.dataLog.enabled=true --set persistence.dataLog.storageClass=fast --set persistence.storageClass=slow
validated --set persistence.enabled=false --set persistence.dataLog.enabled=true
validated --set quorumTls.enabled=true --set quorumTls.secretName=zookeeper-tls
validated --set adminServer.enabled=true --set service.type=LoadBalancer --set config.maxSessionTimeout=1200000
validated --set 'env[0].name=SERVER_JVMFLAGS' --set 'env[0].value=-Dzookeeper.snapCount=5000'
validated --set priorityClassName=high --set nodeSelector.disk=ssd --set 'imagePullSecrets[0].name=registry'
validated --set 'tolerations[0].operator=Exists' --set podLabels.team=a --set-string podAnnotations.note=1
refused --set replicas=2
refused --set quorumTls.enabled=true
refused --set image.tga=1
refused --set config.bad='two words'
render --set metrics.serviceMonitor.enabled=true | grep -q '^kind: ServiceMonitor$'
render --set config.maxSessionTimeout=1200000 | grep -q '^ *maxSessionTimeout=1200000$'

{
    echo "# An ensemble of three in the namespace zookeeper: the chart deploy/helm/pyzoo with its default values."
    render | grep -v '^# Source: '
} > "$scratch/pyzoo.yaml"
if [[ ${1:-} = --write ]]; then
    cp "$scratch/pyzoo.yaml" "$manifest"
fi
diff "$manifest" "$scratch/pyzoo.yaml"
echo "all is well"
