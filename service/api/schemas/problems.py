"""Refusals on the wire."""

from pydantic import BaseModel, Field


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="body, query or header", examples=["body"])
    field: str = Field(description="JSON pointer or parameter name", examples=["/0/name"])
    detail: str = Field(description="what is wrong and what is accepted")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(examples=["urn:comptroller:problem:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="stable, for programs", examples=["not-found"])
    detail: str = Field(description="one sentence, for people")
    errors: list[Fault] = Field(default=[], description="the faults of a 422, at most 20")
