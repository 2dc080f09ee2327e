"""Text that is a number but for a mark: `<0.91`, `1,234.5 €`, `12 %`, a minus of typography, a decimal comma."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells.number_text import filled

_BLANK = r"[ \x{00A0}\x{2000}-\x{200B}\x{202F}\x{205F}\x{3000}\t]"
_SIGN = r"[-+\x{2010}-\x{2015}\x{2212}\x{FE63}\x{FF0B}\x{FF0D}]"
_SEPARATOR = rf"[.,'_\x{{2019}}]|{_BLANK}"
_GROUPED = rf"\p{{Nd}}{{1,3}}(({_SEPARATOR})\p{{Nd}}{{3}})+([.,]\p{{Nd}}*)?"
_DIGITS = rf"({_GROUPED}|\p{{Nd}}+([.,]\p{{Nd}}*)?|[.,]\p{{Nd}}+)([eE]{_SIGN}?\p{{Nd}}+)?"
_UNITS = (
    "%|‰|°|°C|°F|ºC|k|K|M|Mio\\.?|Mrd\\.?|bn|mn|ppm|ppb|µg|ug|mg|g|kg|t|lbs?|oz|ml|cl|dl|l|L|mm|cm|m|km|in|ft|mi|"
    "m2|m²|qm|sqm|sqft|m3|m³|km/h|kmh|mph|m/s|ns|µs|us|ms|s|sec|min|h|hrs?|d|days?|years?|W|kW|MW|kWh|MWh|V|mV|mA|Hz|kHz|"
    "MHz|GHz|kB|KB|MB|GB|TB|hPa|bar|mbar|px|pt|U/l|U/L|IU/l|IU/L|mg/l|mg/L|mg/dl|mg/dL|g/l|g/L|g/dl|g/dL|mmol/l|mmol/L|µmol/l|"
    "µmol/L|ng/ml|ng/mL|pg/ml|pg/mL"
)
_MONEY = r"[$€£¥₹₽₩₺]|US\$|Rs\.?|kr\.?|zł|Fr\.?|CHF|EUR|USD|GBP|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN"
_MARKED = (
    rf"^\(?(([<>≤≥~≈±=]|ca\.?|about){_BLANK}*)*=?{_BLANK}*{_SIGN}?{_BLANK}*(({_MONEY}){_BLANK}*)?{_SIGN}?{_DIGITS}"
    rf"({_BLANK}*({_UNITS}|{_MONEY})|{_BLANK}+[A-Z]{{3}})?{_BLANK}*[-+*†]?\)?$"
)
_COMMA = re.compile(r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_POINTED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")


def is_marked(texts: pa.Array) -> np.ndarray:
    """Returns which texts are numbers but for signs, separators, brackets or units, bool `[n]`."""
    return filled(pc.match_substring_regex(texts, _MARKED))


def decimal_comma(text: str) -> bool:
    """Returns whether a text is a number whose decimal mark is a comma (`1,5`, `1.234,50`)."""
    text = text.strip()
    return bool(_COMMA.fullmatch(text)) and not _POINTED.fullmatch(text)


def remedy(text: str) -> str:
    """Returns what to do about a text where a number must be."""
    if decimal_comma(text):
        return 'Write numbers as 1234.5, or set data.decimal to "," if the comma is the decimal mark.'
    return "Write numbers as 1234.5, without signs or separators; if it stands for no value, add it to data.missing."
