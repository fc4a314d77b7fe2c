# PostgreSQL for the cluster test alone: no registry needed but Debian's.
ARG PYTHON=python:3.11-slim
FROM ${PYTHON}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null \
    && chown -R 10001:10001 /var/run/postgresql && useradd --uid 10001 --no-create-home owner
USER 10001
# Made beside its place and moved there whole: a pod may end before it is done.
CMD ["/bin/sh", "-c", "set -e; bin=$(ls -d /usr/lib/postgresql/*/bin); [ -e /data/db ] || { rm -rf /data/new; echo \"$POSTGRES_PASSWORD\" > /tmp/pw; $bin/initdb -D /data/new -U postgres --auth=scram-sha-256 --pwfile=/tmp/pw --encoding=UTF8 --locale=C.UTF-8; echo \"host all all all scram-sha-256\" >> /data/new/pg_hba.conf; mv /data/new /data/db; }; exec $bin/postgres -D /data/db -c listen_addresses=* -c max_connections=300"]
