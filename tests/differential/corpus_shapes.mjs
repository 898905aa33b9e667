// What agents send to chats: forced and refused tools, structured answers, reasoning, files, odd roles.
const user = content => [{ role: 'user', content }]
const parameters = { type: 'object', properties: { city: { type: 'string' }, unit: { anyOf: [{ type: 'string', enum: ['C', 'F'] }, { type: 'null' }] } }, required: ['city'], additionalProperties: false }
const tool = { type: 'function', function: { name: 'weather', description: 'Weather of a city', parameters, strict: true } }
const schema = { type: 'object', properties: { a: { $ref: '#/$defs/text' } }, required: ['a'], additionalProperties: false, $defs: { text: { type: 'string' } } }
const pdf = 'data:application/pdf;base64,JVBERi0xLjQK'
const call = (id, city) => ({ id, type: 'function', function: { name: 'weather', arguments: JSON.stringify({ city }) } })

export function shapes (add) {
  for (const model of ['gpt', 'claude', 'gemini', 'router']) {
    const chat = (name, body) => add(`chat ${model} ${name}`, { path: '/v1/chat/completions', body: { model, ...body } })
    const both = (name, body) => {
      chat(name, body)
      chat(`${name} streamed`, { ...body, stream: true })
    }
    chat('tool required', { messages: user('one-call'), tools: [tool], tool_choice: 'required' })
    chat('tool none', { messages: user('Hello'), tools: [tool], tool_choice: 'none' })
    both('tool by name', { messages: user('one-call'), tools: [tool], tool_choice: { type: 'function', function: { name: 'weather' } } })
    chat('no parallel tools', { messages: user('one-call'), tools: [tool], parallel_tool_calls: false })
    chat('tool without parameters', { messages: user('Hello'), tools: [{ type: 'function', function: { name: 'now' } }] })
    chat('two results', { messages: [...user('Weather?'), { role: 'assistant', content: 'I look', tool_calls: [call('call_1', 'Paris'), call('call_2', 'Rome')] }, { role: 'tool', tool_call_id: 'call_1', content: 'Sunny' }, { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'Rain' }] }, ...user('So?')], tools: [tool] })
    chat('call without arguments', { messages: [...user('Time?'), { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'now', arguments: '' } }] }, { role: 'tool', tool_call_id: 'call_1', content: '' }], tools: [{ type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } }] })
    both('json schema', { messages: user('Hello'), response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } })
    both('json object', { messages: user('Hello'), response_format: { type: 'json_object' } })
    chat('json schema and tools', { messages: user('Hello'), tools: [tool], response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } })
    if (model !== 'router') both('reasoning effort', { model: `deep-${model}`, messages: user('think'), reasoning_effort: 'low' })
    if (model !== 'router') both('json schema of a newer model', { model: `deep-${model}`, messages: user('Hello'), response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } })
    chat('developer role', { messages: [{ role: 'developer', content: 'Be brief' }, ...user('Hello')] })
    chat('names', { messages: [{ role: 'user', name: 'ann', content: 'Hello' }] })
    chat('roles in a row', { messages: [...user('One'), ...user('Two'), { role: 'assistant', content: 'Three' }, ...user('Four')] })
    chat('prefill', { messages: [...user('Hello'), { role: 'assistant', content: 'Hi ' }] })
    chat('file', { messages: user([{ type: 'text', text: 'What?' }, { type: 'file', file: { filename: 'a.pdf', file_data: pdf } }]) })
    chat('image by address', { messages: user([{ type: 'image_url', image_url: { url: 'https://images.test/1.png', detail: 'low' } }]) })
    chat('many parameters', { messages: user('Hello'), max_completion_tokens: 20, stop: 'x', user: 'u-1', metadata: { a: 'b' } })
    chat('seed and penalties', { messages: user('Hello'), seed: 1, presence_penalty: 0.1, frequency_penalty: 0.2 })
    chat('logprobs', { messages: user('Hello'), logprobs: true, top_logprobs: 2 })
    chat('bad: role', { messages: [{ role: 'wizard', content: 'Hello' }] })
    chat('bad: messages is a text', { messages: 'Hello' })
    chat('bad: temperature is a text', { messages: user('Hello'), temperature: 'warm' })
    chat('empty messages', { messages: [] })
    chat('drop_params', { messages: user('Hello'), logit_bias: { 50256: -100 }, drop_params: true })
    chat('logit_bias', { messages: user('Hello'), logit_bias: { 50256: -100 } })
  }
  const claude = (name, body) => add(`chat claude ${name}`, { path: '/v1/chat/completions', body: { model: 'deep-claude', ...body } })
  claude('thinking budget', { messages: user('think'), thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 4000 })
  claude('thinking kept', { messages: [...user('think'), { role: 'assistant', content: 'Hi', thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 'sig' }] }, ...user('More')], thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 4000 })
  claude('cache control', { messages: [{ role: 'system', content: [{ type: 'text', text: 'Long', cache_control: { type: 'ephemeral' } }] }, ...user('Hello')] })
  add('chat router reasoning object', { path: '/v1/chat/completions', body: { model: 'router', messages: user('think'), reasoning: { effort: 'low' } } })

  const messages = (name, body) => add(`messages claude ${name}`, { path: '/v1/messages', body: { model: 'claude', max_tokens: 3000, ...body }, headers: { 'x-api-key': 'sk-master', 'anthropic-version': '2023-06-01' } })
  messages('thinking', { model: 'deep-claude', messages: user('think'), thinking: { type: 'enabled', budget_tokens: 2000 } })
  messages('thinking streamed', { model: 'deep-claude', messages: user('think'), thinking: { type: 'enabled', budget_tokens: 2000 }, stream: true })
  messages('image', { messages: user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }]) })
  messages('forced tool', { messages: user('one-call'), tools: [{ name: 'weather', input_schema: parameters }], tool_choice: { type: 'tool', name: 'weather' } })
  for (const model of ['gpt', 'gemini']) {
    const translated = (name, body) => add(`messages ${model} ${name}`, { path: '/v1/messages', body: { model, max_tokens: 3000, ...body }, headers: { 'x-api-key': 'sk-master', 'anthropic-version': '2023-06-01' } })
    translated('thinking', { model: `deep-${model}`, messages: user('think'), thinking: { type: 'enabled', budget_tokens: 2000 } })
    translated('thinking streamed', { model: `deep-${model}`, messages: user('think'), thinking: { type: 'enabled', budget_tokens: 2000 }, stream: true })
    translated('image', { messages: user([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } }, { type: 'text', text: 'What?' }]) })
    translated('forced tool', { messages: user('one-call'), tools: [{ name: 'weather', input_schema: parameters }], tool_choice: { type: 'any', disable_parallel_tool_use: true } })
  }
  for (const model of ['gpt', 'claude', 'gemini']) add(`count tokens ${model}`, { path: '/v1/messages/count_tokens', body: { model, messages: user('Hello there') }, headers: { 'x-api-key': 'sk-master', 'anthropic-version': '2023-06-01' } })
  add('count tokens bad: no messages', { path: '/v1/messages/count_tokens', body: { model: 'claude' } })

  const complete = (name, body, path = '/v1/completions') => add(`completions ${name}`, { path, body })
  complete('several prompts', { model: 'gpt', prompt: ['Hello', 'there'] })
  complete('parameters', { model: 'gpt', prompt: 'Hello', max_tokens: 5, temperature: 0, stop: ['x'], echo: false })
  complete('chat model of Anthropic', { model: 'claude', prompt: 'Hello' })
  complete('chat model of Anthropic streamed', { model: 'claude', prompt: 'Hello', stream: true })
  complete('upstream 429', { model: 'gpt', prompt: 'fail-429' })
  complete('bad: no prompt', { model: 'gpt' })
  complete('engine path', { prompt: 'Hello' }, '/engines/gpt/completions')
  for (const body of [{ input: 'Hello', encoding_format: 'base64' }, { input: 'Hello', dimensions: 2 }, { input: [1, 2, 3] }, { input: [[1, 2], [3]] }]) add(`embeddings ${JSON.stringify(body)}`, { path: '/v1/embeddings', body: { model: 'embed', ...body } })
  add('embeddings gemini', { path: '/v1/embeddings', body: { model: 'gemini-embed', input: ['Hello', 'there'] } })
}
