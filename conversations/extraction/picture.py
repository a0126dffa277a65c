"""Pictures: decodes them within limits, turns them as their EXIF says, and re-encodes them without
metadata."""

import io
import warnings
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from .finding import PICTURE, Finding, Refusal
from .limits import JPEG_QUALITY, LARGE_SIDE, MOST_PIXELS, SMALL_SIDE

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

# Its formats are loaded now, while files may still be opened.
Image.preinit()
# Sizes are checked here, before anything is decoded, and more strictly than Pillow's warning.
Image.MAX_IMAGE_PIXELS = None
warnings.simplefilter("ignore")


def read(file: BinaryIO, write: BinaryIO) -> Finding:
    """Return the Finding for the picture `file`; write to `write` (a binary file) its two
    re-encoded copies: the large one, for models, then the small one, for pages. Of an animation
    only the first picture is used.

    Raise Refusal: "too_many_pixels", "too_large" if it takes too much memory, "broken" if it cannot
    be decoded.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refusal("too_many_pixels")
            # JPEG is decoded at a fraction of its size where that is enough.
            image.draft(None, (LARGE_SIDE, LARGE_SIDE))
            image.load()
            orientation = image.getexif().get(0x0112, 1)
            large = plain(image, LARGE_SIDE)
    except Refusal:
        raise
    except MemoryError as error:
        raise Refusal("too_large") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refusal("broken") from error
    except Exception as error:  # (whatever else a decoder raises at what it does not expect)
        raise Refusal("broken") from error
    return write_pair(_turned(large, orientation), write)


def write_pair(large: Image.Image, write: BinaryIO) -> Finding:
    """Encode `large` (a picture in RGB or RGBA, its sides at most LARGE_SIDE pixels) and a small
    copy of it, and write both to `write` (a binary file), one after the other; return the Finding
    for them."""
    encoded = _encoded(large)
    small = large.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    encoded_small = _encoded(small)
    write.write(encoded)
    write.write(encoded_small)
    return Finding(
        PICTURE,
        "image/png" if large.mode == "RGBA" else "image/jpeg",
        width=large.width,
        height=large.height,
        large=len(encoded),
        small=len(encoded_small),
    )


def plain(image: Image.Image, side: int) -> Image.Image:
    """Return `image` (any mode) converted to RGB, or to RGBA if a pixel is transparent, and shrunk
    so that no side is longer than `side` pixels."""
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "RGBA", "L", "CMYK", "YCbCr", "LAB", "HSV"):
        # 1 bit, 16 bits, floats.
        image = _eight_bits(image)
    # Made smaller before anything else is done to it, which needs memory for each pixel.
    image.thumbnail((side, side), reducing_gap=3.0)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return `image`, of 1, 16 or 32 bits per pixel, converted to 8 bits of grey."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    return image.convert("L")


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return `image` turned upright by its EXIF `orientation` (1 to 8; other numbers turn nothing),
    without metadata."""
    plain = Image.new(image.mode, image.size)
    plain.paste(image)
    exif = Image.Exif()
    exif[0x0112] = orientation if orientation in range(1, 9) else 1
    plain.info["exif"] = exif.tobytes()
    turned = ImageOps.exif_transpose(plain)
    turned.info.clear()
    return turned


def _encoded(image: Image.Image) -> bytes:
    """Return `image` encoded as bytes: PNG for RGBA (it has transparency), else JPEG."""
    encoded = io.BytesIO()
    if image.mode == "RGBA":
        image.save(encoded, "PNG", compress_level=6)
    else:
        image.save(encoded, "JPEG", quality=JPEG_QUALITY)
    return encoded.getvalue()
