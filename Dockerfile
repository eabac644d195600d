# The full image has a C compiler, so the hot rooms are compiled; what is served comes from the slim one.
FROM python:3.11 AS build
COPY . /source
RUN pip wheel --no-cache-dir --wheel-dir /wheels /source

FROM python:3.11-slim AS server
RUN --mount=from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels pyzoo-server \
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
COPY . /source
WORKDIR /source
RUN PYZOO_PLAIN=1 pip install --no-cache-dir ".[test]"
CMD ["python", "-m", "pytest", "interop"]

FROM server
