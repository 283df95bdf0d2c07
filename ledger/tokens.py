"""Token counts: integers with the rule that a part never exceeds its whole."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Summed tokens of billable requests.

    Input includes cached, cache-write and audio; output includes reasoning and audio.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0

    @property
    def uncached_input_tokens(self) -> int:
        """Input that is neither cached nor cache-write (audio still in it)."""
        return self.input_tokens - self.cached_input_tokens - self.cache_write_input_tokens

    @property
    def total_tokens(self) -> int:
        """Input plus output: every token once."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(**{name: getattr(self, name) + getattr(other, name) for name in FIELDS})

    def __sub__(self, other: "TokenCounts") -> "TokenCounts":
        return TokenCounts(**{name: getattr(self, name) - getattr(other, name) for name in FIELDS})


NONE = TokenCounts()
FIELDS = tuple(field.name for field in fields(TokenCounts))
