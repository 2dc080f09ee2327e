# The command `mtl` with its locked environment, without compiler and development tools.
#
#     docker build -t mtl-pipeline .
#     docker run --rm --user "$(id -u):0" -v "$PWD:/work" mtl-pipeline run -d FILE -r COLUMN -k COLUMN

FROM python:3.11-slim-bookworm AS builder
ENV UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=1 \
    VIRTUAL_ENV=/opt/mtl
RUN pip install --no-cache-dir --disable-pip-version-check uv \
    && uv venv "$VIRTUAL_ENV"
WORKDIR /src
# The dependencies of pyproject.toml, in the versions and with the hashes of the lock; its dev tools stay out.
COPY pyproject.toml requirements.lock ./
RUN uv pip install --compile-bytecode --require-hashes -r pyproject.toml -c requirements.lock
COPY README.md LICENSE ./
COPY components components
COPY data data
COPY pipeline pipeline
RUN uv pip install --compile-bytecode --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mtl-pipeline" \
      org.opencontainers.image.description="Multi-task learning on tables: a number and a class, from a CSV to a pushed model, on TFX." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Group 0 owns what is written, so that any user id works, as OpenShift assigns them. USER spares libraries the
# look-up of a name that such an id does not have.
RUN useradd --uid 1000 --gid 0 --create-home --home-dir /home/mtl mtl \
    && mkdir /work \
    && chown 1000:0 /work \
    && chmod -R g=u /home/mtl /work
COPY --from=builder /opt/mtl /opt/mtl
ENV HOME=/home/mtl \
    USER=mtl \
    PATH=/opt/mtl/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 1000
WORKDIR /work
ENTRYPOINT ["mtl"]
CMD ["--help"]
