// Images, audio, moderations and rerankings of the emulated upstream. It checks what the real one checks: a multipart body
// must name a model and hold a file.
const sound = Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x00seance', 'latin1')

const missing = name => [400, { error: { message: `Missing required parameter: '${name}'.`, type: 'invalid_request_error', param: name, code: 'missing_required_parameter' } }]

function images (body, text) {
  const one = body.response_format === 'b64_json' || text.includes('b64_json') ? { b64_json: 'aGk=' } : { url: 'https://images.test/1.png', revised_prompt: 'A cat' }
  return [200, { created: 1730000000, data: Array.from({ length: Number(body.n ?? 1) }, () => one), usage: { input_tokens: 5, input_tokens_details: { image_tokens: 0, text_tokens: 5 }, output_tokens: 100, total_tokens: 105 } }]
}

function transcribed (text) {
  if (text.includes('verbose_json')) return [200, { task: 'transcribe', language: 'english', duration: 1.5, text: 'Hello there', segments: [{ id: 0, start: 0, end: 1.5, text: 'Hello there' }] }]
  if (/name="response_format"\r\n\r\n(srt|vtt|text)/.test(text)) return [200, text.includes('\r\nsrt') ? '1\n00:00:00,000 --> 00:00:01,500\nHello there\n\n' : 'Hello there\n', 'text/plain; charset=utf-8']
  return [200, { text: 'Hello there', usage: { type: 'duration', seconds: 2 } }]
}

const scores = { harassment: 0.01, violence: 0.9 }
const judged = input => ({ flagged: /kill/.test(JSON.stringify(input)), categories: { harassment: false, violence: /kill/.test(JSON.stringify(input)) }, category_scores: scores, category_applied_input_types: { harassment: ['text'], violence: ['text'] } })

// [status, JSON or bytes, type], or nothing for another path.
export function answerMedia (path, body, text) {
  const parts = text.includes('form-data; name=')
  if (path.endsWith('/images/generations')) return body.prompt ? images(body, text) : missing('prompt')
  if (path.endsWith('/images/edits')) return !/name="model"/.test(text) ? missing('model') : !/name="image(\[\])?"; filename=/.test(text) ? missing('image') : images(body, text)
  if (path.endsWith('/audio/speech')) return body.input && body.voice ? [200, sound, 'audio/mpeg'] : missing(body.input ? 'voice' : 'input')
  if (/\/audio\/(transcriptions|translations)$/.test(path)) return parts && /name="file"; filename=/.test(text) ? transcribed(text) : missing('file')
  if (path.endsWith('/moderations')) return body.input ? [200, { id: 'modr-up', model: body.model ?? 'omni-moderation-latest', results: (Array.isArray(body.input) && typeof body.input[0] === 'string' ? body.input : [body.input]).map(judged) }] : missing('input')
  if (path.endsWith('/rerank')) {
    if (!body.query) return missing('query')
    const results = (body.documents ?? []).map((text, index) => ({ index, relevance_score: 0.9 - index / 10, ...(body.return_documents && { document: typeof text === 'string' ? { text } : text }) }))
    return [200, { id: 'rerank-up', results: results.slice(0, body.top_n ?? results.length), meta: { billed_units: { total_tokens: 7 }, tokens: { input_tokens: 7 } }, usage: { total_tokens: 7 }, model: body.model }]
  }
  if (path.endsWith('/models')) return [200, { object: 'list', data: [{ id: 'up-model', object: 'model', created: 1, owned_by: 'up' }] }]
}
