"""The official Python client and LiteLLM's own against a gateway: argv is its address, the first or "litellm".

Every claim is an assertion; prints the names of what was tried. The upstream is tests/emulators/openai.mjs.
"""
import os
import sys

url, which = sys.argv[1], sys.argv[2]
key = os.environ["GATEWAY_KEY"]
messages = [{"role": "user", "content": "Hello"}]
picture = [{"role": "user", "content": [{"type": "text", "text": "What is it?"},
                                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]
tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}}]
text = "Hi \U0001F600 there"


def tried(name):
    print(name, flush=True)


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def openai_client():
    import openai

    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    answer = client.chat.completions.create(model="big", messages=messages)
    assert answer.model == "big" and answer.choices[0].message.content == text and answer.usage.total_tokens == 12
    tried("chat")

    chunks = list(client.chat.completions.create(model="big", messages=messages, stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == text and chunks[-1].usage.total_tokens == 12
    with client.chat.completions.stream(model="big", messages=messages) as stream:
        assert stream.get_final_completion().choices[0].message.content == text
    tried("stream")

    called = client.chat.completions.create(model="tools", messages=messages, tools=tools, tool_choice="auto")
    assert called.choices[0].message.tool_calls[0].function.arguments == '{"a":1}'
    tried("tools")

    assert client.chat.completions.create(model="big", messages=picture).choices[0].message.content == text
    tried("images")

    # The client asks for base64 and decodes it to numbers.
    assert client.embeddings.create(model="embed", input=["a", "b"]).data[1].embedding == [1, 0.5, -1]
    tried("embeddings")

    assert client.responses.create(model="big", input="Hello").output_text == "Hi there"
    assert [e.type for e in client.responses.create(model="big", input="Hello", stream=True)][-1] == "response.completed"
    tried("responses")

    assert raised(openai.BadRequestError, lambda: client.chat.completions.create(model="nope", messages=messages)).code == "400"
    stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="nonsense", max_retries=0)
    raised(openai.AuthenticationError, stranger.models.list)
    limited = raised(openai.RateLimitError, lambda: client.chat.completions.create(model="limited", messages=messages))
    assert limited.response.headers["retry-after"] == "7"
    tried("errors")

    patient = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=2)
    assert patient.chat.completions.create(model="flaky", messages=messages).choices[0].message.content == text
    tried("retries")

    with client.chat.completions.create(model="endless", messages=messages, stream=True) as stream:
        assert next(iter(stream)).choices[0].delta.content == "x"
    raised(openai.APITimeoutError, lambda: client.with_options(timeout=0.3).chat.completions.create(model="silent", messages=messages))
    tried("cancel")


def litellm_client():
    import litellm

    litellm.suppress_debug_info = True  # it prints advice where answers are expected

    here = {"api_base": url, "api_key": key, "num_retries": 0, "max_retries": 0}
    answer = litellm.completion(model="litellm_proxy/big", messages=messages, **here)
    assert answer.choices[0].message.content == text and answer.usage.total_tokens == 12
    tried("chat")

    chunks = list(litellm.completion(model="litellm_proxy/big", messages=messages, stream=True, **here))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == text
    tried("stream")

    called = litellm.completion(model="litellm_proxy/tools", messages=messages, tools=tools, **here)
    assert called.choices[0].message.tool_calls[0].function.arguments == '{"a":1}'
    tried("tools")

    assert litellm.completion(model="litellm_proxy/big", messages=picture, **here).choices[0].message.content == text
    tried("images")

    assert litellm.embedding(model="litellm_proxy/embed", input=["a", "b"], **here).data[1]["embedding"] == [1, 0.5, -1]
    tried("embeddings")

    raised(litellm.BadRequestError, lambda: litellm.completion(model="litellm_proxy/nope", messages=messages, **here))
    raised(litellm.AuthenticationError, lambda: litellm.completion(model="litellm_proxy/big", messages=messages, **{**here, "api_key": "nonsense"}))
    raised(litellm.RateLimitError, lambda: litellm.completion(model="litellm_proxy/limited", messages=messages, **here))
    tried("errors")


{"openai": openai_client, "litellm": litellm_client}[which]()
