"""What a console is told: which service it talks to and its language (`[console]` of `config.toml`)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl


class ConsoleSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: HttpUrl = Field(default="http://127.0.0.1:8460", validate_default=True)
    language: Literal["zh", "en"] = "zh"
