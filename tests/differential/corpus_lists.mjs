// Lists of models, what is known of them, health and the small routes.
export function lists (add) {
  const get = (path, more = {}) => add(`GET ${path}`, { path, method: 'GET', ...more })
  for (const route of ['/v1/models', '/models']) get(route)
  for (const query of [
    'return_wildcard_routes=true', 'return_wildcard_routes=True', 'return_wildcard_routes=false', 'include_metadata=true', 'include_metadata=false',
    'include_metadata=true&fallback_type=general', 'include_metadata=true&fallback_type=context_window', 'include_metadata=true&fallback_type=content_policy',
    'include_metadata=true&fallback_type=nonsense', 'fallback_type=general', 'include_model_access_groups=true', 'only_model_access_groups=true',
    'include_model_access_groups=true&return_wildcard_routes=true', 'return_wildcard_routes=perhaps', 'scope=expand', 'scope=nonsense', 'team_id=nothing', 'unknown=1'
  ]) get(`/v1/models?${query}`)
  add('GET /v1/models bad: no key', { path: '/v1/models', method: 'GET', headers: {} })
  add('GET /v1/models as Anthropic', { path: '/v1/models', method: 'GET', headers: { 'x-api-key': 'sk-master', 'anthropic-version': '2023-06-01' } })
  for (const name of ['gpt', 'nick', 'quiet', 'team/gpt-x', 'team%2Fgpt-x', 'nothing', 'gpt-id']) get(`/v1/models/${name}`)
  for (const path of [
    '/v1/model/info', '/model/info', '/model/info?litellm_model_id=gpt-id', '/model/info?litellm_model_id=nothing', '/v2/model/info', '/v2/model/info?model=gpt', '/v2/model/info?page=2&size=3',
    '/model_group/info', '/model_group/info?model_group=gpt', '/model_group/info?model_group=nothing'
  ]) get(path)
  for (const path of ['/health/liveliness', '/health/liveness', '/health/readiness', '/health/backlog', '/health/services', '/health/services?service=prometheus', '/health/services?service=nonsense', '/test', '/', '/routes', '/cache/ping', '/spend/logs', '/global/spend', '/key/info', '/metrics']) get(path)
  for (const query of ['model=gpt', 'model=claude', 'model=gemini', 'model=embed', 'model=nothing', 'model_id=gpt-id', 'model_id=nothing', 'model=pool']) get(`/health?${query}`)
  add('health test connection', { path: '/health/test_connection', body: { litellm_params: { model: 'openai/gpt-4o-mini', api_base: '‹upstream›/openai', api_key: 'sk-up' }, mode: 'chat' } })
  add('health test connection upstream refuses', { path: '/health/test_connection', body: { litellm_params: { model: 'openai/gpt-4o-mini', api_base: '‹upstream›/broken', api_key: 'sk-up' }, mode: 'chat' } })
  add('health test connection bad: nothing', { path: '/health/test_connection', body: {} })
  add('token counter messages', { path: '/utils/token_counter', body: { model: 'gpt', messages: [{ role: 'user', content: 'Hello there' }] } })
  add('token counter prompt', { path: '/utils/token_counter', body: { model: 'gpt', prompt: 'Hello there' } })
  add('token counter bad: nothing to count', { path: '/utils/token_counter', body: { model: 'gpt' } })
  add('transform request', { path: '/utils/transform_request', body: { call_type: 'completion', request_body: { model: 'claude', messages: [{ role: 'user', content: 'Hello' }] } } })
  for (const path of ['/v1/files', '/v1/batches', '/v1/fine_tuning/jobs', '/v1/assistants', '/v1/vector_stores', '/v1/videos', '/v1/containers']) add(`unsupported ${path}`, { path, method: 'GET' })
  add('unsupported POST /v1/batches', { path: '/v1/batches', body: { input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' } })
  add('unsupported POST /v1/threads', { path: '/v1/threads', body: {} })

  // Providers' own routes.
  const hello = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }
  const through = (name, path, more) => add(`pass-through ${name}`, { path, ...more })
  through('openai chat', '/openai/v1/chat/completions', { body: hello })
  through('openai chat streamed', '/openai/v1/chat/completions', { body: { ...hello, stream: true } })
  through('openai chat upstream 429', '/openai/v1/chat/completions', { body: { ...hello, messages: [{ role: 'user', content: 'fail-429' }] } })
  through('openai models', '/openai/v1/models', { method: 'GET' })
  through('openai unknown path', '/openai/v1/nothing', { body: {} })
  through('openai bad: no key', '/openai/v1/models', { method: 'GET', headers: {} })
  through('openai bad: unknown key', '/openai/v1/models', { method: 'GET', headers: { authorization: 'Bearer sk-unknown-key-1234' } })
  const words = { model: 'claude-3-5-sonnet-20241022', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }
  const anthropic = { authorization: 'Bearer sk-master', 'anthropic-version': '2023-06-01' }
  through('anthropic messages', '/anthropic/v1/messages', { body: words, headers: anthropic })
  through('anthropic messages streamed', '/anthropic/v1/messages', { body: { ...words, stream: true }, headers: anthropic })
  through('anthropic messages upstream 529', '/anthropic/v1/messages', { body: { ...words, messages: [{ role: 'user', content: 'fail-529' }] }, headers: anthropic })
  through('anthropic count tokens', '/anthropic/v1/messages/count_tokens', { body: words, headers: anthropic })
  through('anthropic with x-api-key', '/anthropic/v1/messages', { body: words, headers: { 'x-api-key': 'sk-master', 'anthropic-version': '2023-06-01' } })
  through('gemini', '/gemini/v1beta/models/gemini-1.5-pro:generateContent', { body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] } })
  through('gemini with x-goog-api-key', '/gemini/v1beta/models/gemini-1.5-pro:generateContent', { body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }, headers: { 'x-goog-api-key': 'sk-master' } })
  through('gemini key in query', '/gemini/v1beta/models/gemini-1.5-pro:generateContent?key=sk-master', { body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }, headers: {} })
  through('configured', '/ours/v1/chat/completions', { body: hello })
  through('configured streamed', '/ours/v1/chat/completions', { body: { ...hello, stream: true } })
  for (const front of ['/v1beta/models', '/models']) {
    for (const what of ['generateContent', 'streamGenerateContent', 'countTokens']) add(`gemini front ${front} ${what}`, { path: `${front}/gemini:${what}`, body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] } })
  }
}
