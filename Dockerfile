FROM docker.io/library/debian:bookworm-slim AS builder
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup
COPY . .
# The checkout's history stays outside; the commit comes in by name.
ARG REVISION=unknown
RUN cmake --preset release -DUSAGE_TESTS=OFF -DUSAGE_UNITY=ON -DUSAGE_REVISION="$REVISION" \
    && cmake --build --preset release --target usage_exporter \
    && strip build/release/usage_exporter

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
       ca-certificates libcivetweb1 libdate-tz3 libfmt9 libpq5 libprometheus-cpp-core1.0 \
       libroaring0 libsimdjson14 libsqlite3-0 libyaml-cpp0.7 tzdata zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt \
    && install -d -o 65534 -g 65534 /var/lib/usage_exporter
COPY --from=builder /src/build/release/usage_exporter /usr/local/bin/usage_exporter

USER 65534:65534
WORKDIR /var/lib/usage_exporter
EXPOSE 9108
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["usage_exporter", "probe", "http://127.0.0.1:9108/-/healthy"]
ENTRYPOINT ["usage_exporter"]
CMD ["serve", "--config.file=/etc/usage_exporter/config.yml", "--web.listen-address=:9108", \
     "--storage.path=/var/lib/usage_exporter"]
