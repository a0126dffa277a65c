"""Filter of model names: which models of a gateway are clearly not for chat.

A gateway lists all its models, without a field that says what each is for; a proxy with wildcards
lists about 250, a third of them for pictures, speech or search.
"""

import re

# Parts of names, between hyphens, slashes, dots and the like. What also names chat models
# ("vision", "audio", "search", "realtime" beside others) is not here unless it says more.
OTHER_KINDS = {
    # embeddings and ranking
    *("embedding", "embeddings", "embed", "rerank", "reranker", "ada-002", "bge", "gte", "minilm"),
    # speech
    *("whisper", "tts", "stt", "transcribe", "transcription", "speech", "voxtral-tts"),
    # pictures and films
    *("dall-e", "dalle", "sora", "imagen", "veo", "flux", "kling", "midjourney", "sdxl"),
    *("gpt-image", "chatgpt-image", "stable-diffusion", "stable-image", "image-generation"),
    *("seedream", "seedance", "recraft", "ideogram", "upscale", "inpaint", "titan-image"),
    # moderation, and the completions of old
    *("moderation", "moderations", "llama-guard", "prompt-guard", "babbage-002", "davinci-002"),
    # that speak over sockets only
    *("realtime",),
}

_names = "|".join(map(re.escape, sorted(OTHER_KINDS)))
_kinds = re.compile(rf"(?<![a-z])(?:{_names})(?![a-z])", re.IGNORECASE)
LONGEST_NAME = 200


def is_for_chat(name: str) -> bool:
    """Return False if `name`, the name of a model, says that it is not for chat, else True.

    Such names contain a word of OTHER_KINDS, for example "embedding" or "tts".
    """
    return _kinds.search(name[:LONGEST_NAME]) is None
