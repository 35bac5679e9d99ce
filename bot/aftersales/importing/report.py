"""What an import did, in words."""

from __future__ import annotations

import dataclasses

_SHOWN = 50  # problems named one by one; the rest is counted


@dataclasses.dataclass
class Report:
    """`counts`: what was written, by name. `errors`: what was not, with line numbers where there
    are lines. `notes`: what was passed over on purpose."""

    source: str
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    errors: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    def add(self, name: str, count: int = 1) -> None:
        """Count something that was written."""
        self.counts[name] = self.counts.get(name, 0) + count

    def __str__(self) -> str:
        done = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        lines = [f"{self.source}: {done or 'nothing was changed'}"]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"problem: {error}" for error in self.errors[:_SHOWN]]
        if len(self.errors) > _SHOWN:
            lines.append(f"... and {len(self.errors) - _SHOWN} more problems")
        return "\n".join(lines)
