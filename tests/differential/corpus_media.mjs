// Images, audio, moderations and rerankings, as JSON and as forms.
const png = ['cat.png', 'image/png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')]
const sound = ['hello.mp3', 'audio/mpeg', Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x00hello\r\n--not-the-boundary\r\n', 'latin1')]

export function media (add) {
  const image = (name, body) => add(`images ${name}`, { path: '/v1/images/generations', body })
  image('generation', { model: 'image', prompt: 'A cat' })
  image('generation with all', { model: 'image', prompt: 'A cat', n: 2, size: '1024x1024', quality: 'hd', style: 'vivid', user: 'u', response_format: 'b64_json' })
  add('images generation without v1', { path: '/images/generations', body: { model: 'image', prompt: 'A cat' } })
  image('bad: no prompt', { model: 'image' })
  image('bad: no model', { prompt: 'A cat' })
  image('bad: unknown model', { model: 'nothing', prompt: 'A cat' })
  image('bad: not offered', { model: 'claude', prompt: 'A cat' })
  for (const status of [400, 429, 500]) image(`upstream ${status}`, { model: 'image', prompt: `fail-${status}` })
  add('images deployment path', { path: '/openai/deployments/image/images/generations', body: { prompt: 'A cat' } })
  const edit = (name, parts) => add(`images edit ${name}`, { path: '/v1/images/edits', parts })
  edit('plain', { model: 'image', prompt: 'A hat', image: png })
  edit('with mask', { model: 'image', prompt: 'A hat', n: '2', size: '512x512', image: png, mask: png })
  edit('bad: no image', { model: 'image', prompt: 'A hat' })
  edit('bad: no model', { prompt: 'A hat', image: png })
  edit('upstream 400', { model: 'image', prompt: 'fail-400', image: png })

  const say = (name, body) => add(`speech ${name}`, { path: '/v1/audio/speech', body })
  say('plain', { model: 'voice', input: 'Hello', voice: 'alloy' })
  say('with all', { model: 'voice', input: 'Hello', voice: 'alloy', response_format: 'mp3', speed: 1.25, instructions: 'Softly' })
  say('bad: no input', { model: 'voice', voice: 'alloy' })
  say('bad: no voice', { model: 'voice', input: 'Hello' })
  say('bad: unknown model', { model: 'nothing', input: 'Hello', voice: 'alloy' })
  for (const status of [400, 429, 500]) say(`upstream ${status}`, { model: 'voice', input: `fail-${status}`, voice: 'alloy' })

  for (const route of ['transcriptions', 'translations']) {
    const hear = (name, parts) => add(`${route} ${name}`, { path: `/v1/audio/${route}`, parts })
    hear('plain', { model: 'ear', file: sound })
    for (const format of ['json', 'text', 'srt', 'vtt', 'verbose_json']) hear(format, { model: 'ear', response_format: format, file: sound })
    hear('with all', { file: sound, model: 'ear', language: 'en', prompt: 'Names', temperature: '0.2' })
    hear('bad: no file', { model: 'ear' })
    hear('bad: no model', { file: sound })
    hear('bad: unknown model', { model: 'nothing', file: sound })
    for (const status of [400, 500]) hear(`upstream ${status}`, { model: 'ear', prompt: `fail-${status}`, file: sound })
  }
  add('transcriptions bad: JSON', { path: '/v1/audio/transcriptions', body: { model: 'ear' } })

  const judge = (name, body) => add(`moderations ${name}`, { path: '/v1/moderations', body })
  judge('text', { model: 'judge', input: 'Hello' })
  judge('texts', { model: 'judge', input: ['Hello', 'I kill you'] })
  judge('image', { model: 'judge', input: [{ type: 'text', text: 'Hello' }, { type: 'image_url', image_url: { url: 'https://images.test/1.png' } }] })
  judge('without a model', { input: 'Hello' })
  judge('bad: no input', { model: 'judge' })
  judge('bad: unknown model', { model: 'nothing', input: 'Hello' })
  judge('upstream 500', { model: 'judge', input: 'fail-500' })

  const rank = (name, body, path = '/v1/rerank') => add(`rerank ${name}`, { path, body })
  rank('texts', { model: 'rank', query: 'cats', documents: ['a cat', 'a dog', 'a house'] })
  rank('best two with documents', { model: 'rank', query: 'cats', documents: ['a cat', 'a dog', 'a house'], top_n: 2, return_documents: true })
  rank('objects', { model: 'rank', query: 'cats', documents: [{ text: 'a cat' }, { text: 'a dog' }] })
  rank('v2', { model: 'rank', query: 'cats', documents: ['a cat'] }, '/v2/rerank')
  rank('without v1', { model: 'rank', query: 'cats', documents: ['a cat'] }, '/rerank')
  rank('bad: no query', { model: 'rank', documents: ['a cat'] })
  rank('bad: no documents', { model: 'rank', query: 'cats' })
  rank('bad: unknown model', { model: 'nothing', query: 'cats', documents: ['a cat'] })
  for (const status of [400, 429, 500]) rank(`upstream ${status}`, { model: 'rank', query: `fail-${status}`, documents: ['a cat'] })
}
