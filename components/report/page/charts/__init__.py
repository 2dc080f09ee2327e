"""The report's figures as SVG, drawn here so that the page needs no script and no network to show them."""
