"""From a folder of exports to a proposed adapter: profiled, mapped, and written down to be confirmed."""

from .drafting import Draft, blank, draft

__all__ = ["Draft", "blank", "draft"]
