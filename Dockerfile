# One image for every service of a node: `python -m bp_<service> serve | worker | migrate | check`, and the `bluepacific` command.
#
#   docker build -t bluepacific/node:0.1.0 .
#
# Wheels are those of requirements.lock, checked by their hashes; the workspace's own are built here without a network. The last
# stage is Python and what it loads: no shell, no pip, no package manager; nothing in it is written to while it runs.
ARG PYTHON=python:3.11-slim

FROM ${PYTHON} AS build
ARG SOURCE_DATE_EPOCH=1767225600
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1 SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} \
    PATH=/opt/build/bin:$PATH
WORKDIR /build
RUN python -m venv /opt/build && python -m venv --without-pip /opt/bluepacific
# What ships is the part of requirements.lock that the members name; checkers and test tools stay outside.
COPY tools/image.lock tools/image-build.lock ./
# Columns of positions take 3 MiB in each process; lines stay.
ENV PYTHONNODEBUGRANGES=1
RUN pip install --quiet --require-hashes --no-deps --only-binary :all: -r image-build.lock
RUN pip --python /opt/bluepacific/bin/python install --quiet --require-hashes --no-deps --no-compile \
        --only-binary :all: -r image.lock
# Texts are in four languages; the rest of the locales, and two of zstandard's three backends, only take room.
# Compiled once, by hash and not by time, so that every build gives the same bytes and a read-only root starts fast.
RUN cd /opt/bluepacific/lib/python3*/site-packages \
    && find babel/locale-data -name '*.dat' ! -name 'root.dat' ! -name 'en*.dat' ! -name 'fr*.dat' ! -name 'es*.dat' ! -name 'ar*.dat' -delete \
    && find zstandard -name '*.so' ! -name 'backend_c*' -delete \
    && find . -name tests -type d -prune -exec rm -rf {} + \
    && find . -name '*.pyi' -delete \
    && /opt/bluepacific/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/bluepacific/lib
COPY tools/image_root.py ./
RUN python -I image_root.py /out/base /opt/bluepacific \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /out/base /out/base \
    && mkdir -p /out/wheels/opt /out/own/opt/bluepacific && cp -a /opt/bluepacific /out/wheels/opt/
COPY libs libs
COPY services services
# What is ours is a layer of its own: a release that changes nothing else is small on a thin link.
RUN for member in libs/* services/*; do \
        pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels "./$member" || exit 1; \
    done \
    && own=/out/own$(echo /opt/bluepacific/lib/python3*/site-packages) \
    && pip --python /opt/bluepacific/bin/python install --quiet --no-deps --no-index --no-compile --target "$own" wheels/*.whl \
    && rm -rf "$own/bin" && find "$own" -name tests -type d -prune -exec rm -rf {} + \
    && find "$own" \( -name '*.pyi' -o -name direct_url.json \) -delete \
    && /opt/bluepacific/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /out/own "$own" \
    && cp -a /out/own/opt/bluepacific/. /opt/bluepacific/
# The bill of materials is made of what is really there, then kept beside it.
RUN /opt/build/bin/cyclonedx-py environment --output-reproducible --of JSON -o /out/own/opt/bluepacific/sbom.cdx.json /opt/bluepacific/bin/python \
    && find /out -exec touch --no-dereference --date=@${SOURCE_DATE_EPOCH} {} +

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Blue Pacific node" \
      org.opencontainers.image.description="Every service of a country's node, or of the centre" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/base /
COPY --from=build /out/wheels /
COPY --from=build /out/own /
ENV PATH=/opt/bluepacific/bin LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
WORKDIR /var/lib/bluepacific
ENTRYPOINT ["/opt/bluepacific/bin/python", "-m"]
CMD ["bp_node", "--help"]
