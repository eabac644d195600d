FROM python:3.11-slim AS server

COPY . /source
RUN pip install --no-cache-dir /source \
    && useradd --create-home --uid 1000 zookeeper \
    && install -d -o zookeeper -g zookeeper /data /conf \
    && printf '%s\n' \
        'clientPort=2181' \
        'dataDir=/data' \
        'tickTime=2000' \
        'maxClientCnxns=0' \
        'admin.enableServer=false' \
        '4lw.commands.whitelist=*' > /conf/zoo.cfg
USER zookeeper
VOLUME /data
EXPOSE 2181
CMD ["pyzoo", "serve", "/conf/zoo.cfg"]

# The interop tests, to be run against servers in other containers.
FROM server AS interop
USER root
RUN pip install --no-cache-dir "/source[test]"
WORKDIR /source
CMD ["python", "-m", "pytest", "interop"]

FROM server
