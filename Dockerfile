FROM python:3.12-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/venv UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy \
    uv sync --frozen --no-dev --no-cache --python /usr/local/bin/python

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin holdfast \
    && install -d -o holdfast -g holdfast /data
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOLDFAST_DATA_DIR=/data
USER holdfast
EXPOSE 2024
CMD ["python", "-m", "uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "2024", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "30"]
