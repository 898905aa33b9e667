// The Responses API, passed on to OpenAI and translated for Anthropic and Gemini.
const tools = [{ type: 'function', name: 'weather', description: 'Weather of a city', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }, strict: false }]
const format = { type: 'json_schema', name: 'answer', strict: true, schema: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false } }
const png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const turn = (role, text) => ({ type: 'message', role, content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }] })

export function responses (add) {
  for (const model of ['gpt', 'claude', 'gemini']) {
    const ask = (name, body) => add(`responses ${model} ${name}`, { path: '/v1/responses', body: { model, ...body } })
    const both = (name, body) => {
      ask(name, body)
      ask(`${name} streamed`, { ...body, stream: true })
    }
    const get = (name, path, method = 'GET') => add(`responses ${model} ${name}`, { path: `/v1/responses/${path}`, method })
    both('plain', { input: 'Hello' })
    both('instructions', { input: 'Hello', instructions: 'Be brief', temperature: 0.5, top_p: 0.9, max_output_tokens: 50, user: 'u', metadata: { a: 'b' } })
    ask('items', { input: [turn('developer', 'Be brief'), turn('user', 'Hello'), turn('assistant', 'Hi'), turn('user', 'Again')] })
    ask('items without a type', { input: [{ role: 'user', content: 'Hello' }] })
    ask('image', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'What?' }, { type: 'input_image', image_url: png }] }] })
    both('one tool call', { input: 'one-call', tools, tool_choice: 'auto' })
    both('two tool calls', { input: 'two-calls', tools })
    ask('tool result', { input: [turn('user', 'Weather?'), { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Paris"}' }, { type: 'function_call_output', call_id: 'call_1', output: 'Sunny' }], tools })
    ask('named tool', { input: 'one-call', tools, tool_choice: { type: 'function', name: 'weather' } })
    both('json schema', { input: 'Hello', text: { format } })
    both('reasoning', { model: `deep-${model}`, input: 'think', reasoning: { effort: 'low', summary: 'auto' } })
    both('cut by length', { input: 'length' })
    ask('kept not', { input: 'Hello', store: false })
    ask('first turn', { input: 'Hello' })
    ask('second turn', { input: 'And?', previous_response_id: `‹id of responses ${model} first turn›` })
    ask('second turn streamed', { input: 'And?', stream: true, previous_response_id: `‹id of responses ${model} first turn›` })
    get('get', `‹id of responses ${model} first turn›`)
    get('get of a streamed', `‹id of responses ${model} second turn streamed›`)
    get('get of a later', `‹id of responses ${model} second turn›`)
    get('input items', `‹id of responses ${model} first turn›/input_items`)
    add(`responses ${model} cancel`, { path: `/v1/responses/‹id of responses ${model} first turn›/cancel`, body: {} })
    get('delete', `‹id of responses ${model} first turn›`, 'DELETE')
    get('get of a deleted', `‹id of responses ${model} first turn›`)
    get('get of one not kept', `‹id of responses ${model} kept not›`)
    ask('bad: unknown previous', { input: 'And?', previous_response_id: 'resp_nothing' })
    ask('bad: no input', {})
    for (const status of [400, 401, 429, 500]) both(`upstream ${status}`, { input: `fail-${status}` })
  }
  const gpt = (name, body) => add(`responses gpt ${name}`, { path: '/v1/responses', body: { model: 'gpt', ...body } })
  gpt('failed', { input: 'fails' })
  gpt('failed streamed', { input: 'fails', stream: true })
  gpt('in the background', { input: 'background', background: true })
  gpt('web search', { input: 'search', tools: [{ type: 'web_search' }] })
  add('responses claude web search', { path: '/v1/responses', body: { model: 'claude', input: 'Hello', tools: [{ type: 'web_search' }] } })
  add('responses claude bad: file search', { path: '/v1/responses', body: { model: 'claude', input: 'Hello', tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] } })
  add('responses bad: no model', { path: '/v1/responses', body: { input: 'Hello' } })
  add('responses bad: unknown model', { path: '/v1/responses', body: { model: 'nothing', input: 'Hello' } })
  add('responses bad: not JSON', { path: '/v1/responses', body: '{' })
  add('responses bad: no key', { path: '/v1/responses', body: { model: 'gpt', input: 'Hello' }, headers: {} })
  add('responses bad: get of nothing', { path: '/v1/responses/resp_nothing', method: 'GET' })
  add('responses bad: delete of nothing', { path: '/v1/responses/resp_nothing', method: 'DELETE' })
  add('responses bad: items of nothing', { path: '/v1/responses/resp_nothing/input_items', method: 'GET' })
  add('responses without v1', { path: '/responses', body: { model: 'gpt', input: 'Hello' } })
  add('responses mock', { path: '/v1/responses', body: { model: 'mock', input: 'Hello' } })
}
