"""Charts as SVG elements: the page's style gives the colours, so that they follow dark and light."""
