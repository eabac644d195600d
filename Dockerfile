# A drop-in for the official image `zookeeper`: same variables, volumes, ports, users and commands. See docs/containers.md.
#
#   docker build -t pyzoo .
#   docker run -d -p 2181:2181 pyzoo

# The full image has a C compiler, so the hot rooms are compiled, and the headers of Kerberos; what serves is the slim one.
FROM python:3.11 AS build
# What it depends on comes first: it is not built again while pyproject.toml stays as it is. Some of that is compiled, too.
COPY pyproject.toml /
RUN python -m venv --without-pip /opt/pyzoo \
    && python -c 'import tomllib; project = tomllib.load(open("/pyproject.toml", "rb"))["project"]; \
extras = project["optional-dependencies"]; \
print(*project["dependencies"], *extras["tls"], *extras["kerberos"], sep="\n")' > /requirements.txt \
    && pip --python /opt/pyzoo/bin/python install --no-cache-dir --requirement /requirements.txt
# Any value installs plain Python: slower, but built in seconds.
ARG PYZOO_PLAIN=
COPY . /source
RUN pip --python /opt/pyzoo/bin/python install --no-cache-dir '/source[tls,kerberos]'

FROM python:3.11-slim AS server
ENV ZOO_CONF_DIR=/conf \
    ZOO_DATA_DIR=/data \
    ZOO_DATA_LOG_DIR=/datalog \
    ZOO_LOG_DIR=/logs \
    ZOO_TICK_TIME=2000 \
    ZOO_INIT_LIMIT=5 \
    ZOO_SYNC_LIMIT=2 \
    ZOO_AUTOPURGE_PURGEINTERVAL=0 \
    ZOO_AUTOPURGE_SNAPRETAINCOUNT=3 \
    ZOO_MAX_CLIENT_CNXNS=60 \
    ZOO_STANDALONE_ENABLED=true \
    ZOO_ADMINSERVER_ENABLED=true \
    ZOO_LOG4J_PROP=INFO,CONSOLE \
    ZOOCFGDIR=/conf \
    PATH=/opt/zookeeper/bin:/opt/pyzoo/bin:$PATH
# Health checks that were written for the official image call nc; the other is the library of Kerberos.
RUN apt-get update \
    && apt-get install -y --no-install-recommends netcat-openbsd libgssapi-krb5-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/pyzoo /opt/pyzoo
# Group 0 may write wherever the user may: some platforms run containers with a uid of their own choice and that group.
RUN groupadd --gid 1000 zookeeper \
    && useradd --uid 1000 --gid zookeeper --create-home zookeeper \
    && install -d -o zookeeper -g 0 -m 775 "$ZOO_CONF_DIR" "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_LOG_DIR" \
    && pyzoo launchers --install /opt/zookeeper/bin
COPY docker/entrypoint.sh /docker-entrypoint.sh
WORKDIR /opt/zookeeper
VOLUME ["/data", "/datalog", "/logs"]
EXPOSE 2181 2888 3888 8080
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["zkServer.sh", "status"]
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["zkServer.sh", "start-foreground"]
