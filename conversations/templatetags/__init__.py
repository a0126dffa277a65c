"""Template tags and filters: `{% load administration %}`, `{% load chat %}`, `{% load files %}` and
`{% load usage %}`."""
