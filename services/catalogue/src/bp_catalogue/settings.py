"""Settings of the catalogue: environment variables that begin with `BP_CATALOGUE__`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from bp_kit.settings import ServiceSettings


class CatalogueSettings(ServiceSettings):
    """What the catalogue is told."""

    model_config = SettingsConfigDict(env_prefix="BP_CATALOGUE__", frozen=True, extra="forbid")

    centre_country: str = Field(
        default="WSM",
        pattern="^[A-Z]{3}$",
        description="Code of the country that publishes the catalogue and collects uptake.",
    )
    ncb_unit: str = Field(
        default="ncb",
        pattern="^[a-z][a-z0-9-]{1,62}$",
        description="Id of each country's NCB unit, whose head decides on access.",
    )
    agreement_period: timedelta = Field(
        default=timedelta(days=365),
        ge=timedelta(hours=1),
        description="How long an access agreement lasts unless who approves says otherwise.",
    )
    agreement_limit: timedelta = Field(
        default=timedelta(days=5 * 365), ge=timedelta(days=1), description="How long one may last at most."
    )
    uptake_interval: timedelta = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Changes of uptake within it are told together."
    )
    uptake_refresh: timedelta = Field(
        default=timedelta(days=1), gt=timedelta(0), description="How often uptake is told although nothing changed."
    )
    catalogue_interval: timedelta = Field(
        default=timedelta(hours=6),
        ge=timedelta(minutes=1),
        description="How often the centre is asked for what is new.",
    )
