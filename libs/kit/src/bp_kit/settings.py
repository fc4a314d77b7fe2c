"""Settings of a service: read from the environment, frozen; secrets come from files."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service is told. A service subclasses it with its own prefix: `env_prefix="BP_TRAINING__"`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    database_url: str = Field(description="SQLAlchemy URL: sqlite+aiosqlite:///… or postgresql+asyncpg://…")
