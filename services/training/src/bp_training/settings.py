"""Settings of training: environment variables that begin with `BP_TRAINING__`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from bp_kit.settings import ServiceSettings
from bp_training.domain.package import PackageLimits

_DEFAULTS = PackageLimits()


class TrainingSettings(ServiceSettings):
    """What training is told."""

    model_config = SettingsConfigDict(env_prefix="BP_TRAINING__", frozen=True, extra="forbid")

    key_dir: Path = Field(description="Folder of the keys that sign credentials; made with mode 0700. Back it up.")
    centre_country: str = Field(
        default="WSM", pattern="^[A-Z]{3}$", description="Code of the country whose node collects participation."
    )
    issuer_name: str = Field(
        default="Police training", max_length=100, description="What credentials call the issuer, before the country."
    )
    participation_threshold: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Numbers of people from 1 to just below this are withheld; 1 withholds none.",
    )
    participation_interval: timedelta = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        description="Changes of participation within it are told together.",
    )
    library_interval: timedelta = Field(
        default=timedelta(hours=6), ge=timedelta(minutes=1), description="How often others are asked for courses."
    )
    statement_limit: int = Field(default=10_000, ge=1, description="Statements of one enrolment.")
    package_zip_bytes: int = Field(default=_DEFAULTS.zip_bytes, ge=1024, description="Largest package.")
    package_unpacked_bytes: int = Field(
        default=_DEFAULTS.unpacked_bytes, ge=1024, description="Largest package when unpacked."
    )
    package_files: int = Field(default=_DEFAULTS.files, ge=1, le=60_000, description="Most files of a package.")
    package_ratio: int = Field(
        default=_DEFAULTS.ratio, ge=2, description="Most times its size that a package may unpack to."
    )

    @field_validator("participation_threshold")
    @classmethod
    def _hides(cls, value: int) -> int:
        """With 2, a withheld number could only be 1."""
        if value == 2:  # noqa: PLR2004
            raise ValueError("is 1, or 3 or more")
        return value

    @property
    def package_limits(self) -> PackageLimits:
        """How large a package may be."""
        return PackageLimits(
            zip_bytes=self.package_zip_bytes,
            unpacked_bytes=self.package_unpacked_bytes,
            files=self.package_files,
            ratio=self.package_ratio,
        )
