"""A page of the report as a test reads it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Checks that tags nest, and keeps what the page refers to."""

    _VOID = frozenset({"meta", "link", "img"})

    def __init__(self, text):
        super().__init__()
        self.open, self.references, self.ids, self.classes = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.references += [
            values[name] for name in ("href", "src", "srcset", "action", "data") if name in values
        ]
        self.ids += [values["id"]] if "id" in values else []
        self.classes += (values.get("class") or "").split()
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> does not close what is open"
