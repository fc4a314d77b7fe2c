"""CountryService."""

from __future__ import annotations

from typing import Any

from bluepacific.common.v1 import text_pb2
from bluepacific.identity.v1 import country_pb2
from bluepacific.identity.v1 import country_service_pb2 as pb
from bluepacific.identity.v1 import country_service_pb2_grpc as grpc_
from bp_identity.adapters.countries import load_countries, page_countries
from bp_identity.domain.country import Country
from bp_identity.domain.names import country_name
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_kit.sealing import Sealer


class CountryServicer(grpc_.CountryServiceServicer):
    """The countries of the region, as public facts.

    Args:
        served: Codes of the countries whose people are kept here.
        sealer: Seals page tokens.
    """

    def __init__(self, served: tuple[str, ...], sealer: Sealer) -> None:
        self._served = served
        self._sealer = sealer

    async def GetCountry(self, request: pb.GetCountryRequest, context: Any) -> country_pb2.Country:
        """Gets a country."""
        country = load_countries().get(country_of(request.name))
        if country is None:
            raise Refused("NOT_FOUND", name=request.name)
        return self._message(country)

    async def ListCountries(self, request: pb.ListCountriesRequest, context: Any) -> pb.ListCountriesResponse:
        """Lists the countries by code."""
        countries, next_token = page_countries(self._sealer, size=request.page_size, token=request.page_token)
        return pb.ListCountriesResponse(
            countries=[self._message(country) for country in countries], next_page_token=next_token
        )

    def _message(self, country: Country) -> country_pb2.Country:
        return country_pb2.Country(
            name=country_name(country.code),
            display_name=text_pb2.LocalizedText(texts=country.display_names),
            ncb_city=country.ncb_city,
            time_zone=country.time_zone,
            languages=country.languages,
            beneficiary=country.beneficiary,
            served=country.code in self._served,
        )
