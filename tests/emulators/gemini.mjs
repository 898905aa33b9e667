// Google's Gemini API for tests, as strict as the real one about what it is asked.
//
//   const upstream = await startGemini({ key: 'up' })
//   upstream.next({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }], usageMetadata: {…} })
//
// Plans: see models/server.mjs. `candidates`, `usageMetadata` and `promptFeedback` replace parts of the answer;
// an event of `events` is a whole response object.
import { startModelServer } from './models/server.mjs'

const refusal = (code, status, message) => ({ status: code, body: { error: { code, message, status } } })
const wrong = message => refusal(400, 'INVALID_ARGUMENT', message)
const unknownIn = (object, names, where) => {
  const name = Object.keys(object ?? {}).find(key => !names.includes(key))
  return name && `Invalid JSON payload received. Unknown name "${name}"${where ? ` at '${where}'` : ''}: Cannot find field.`
}

const configNames = ['temperature', 'topP', 'topK', 'candidateCount', 'maxOutputTokens', 'stopSequences', 'seed', 'presencePenalty', 'frequencyPenalty',
  'responseMimeType', 'responseSchema', 'responseJsonSchema', 'responseLogprobs', 'logprobs', 'responseModalities', 'thinkingConfig', 'speechConfig', 'mediaResolution', 'enableEnhancedCivicAnswers']
const schemaNames = ['type', 'format', 'title', 'description', 'nullable', 'enum', 'maxItems', 'minItems', 'properties', 'required', 'minProperties', 'maxProperties',
  'minLength', 'maxLength', 'pattern', 'example', 'anyOf', 'propertyOrdering', 'default', 'items', 'minimum', 'maximum']

function judgeSchema (schema, where) {
  const unknown = unknownIn(schema, schemaNames, where)
  if (unknown) return unknown
  if (typeof schema.type !== 'string' && !schema.anyOf && Object.keys(schema).length) return `${where}.type: must be specified`
  if (schema.enum && schema.type !== 'string') return `${where}.enum: only allowed for STRING type`
  if (schema.type === 'object' && schema.properties && Object.keys(schema.properties).length === 0) return `${where}.properties: should be non-empty for OBJECT type`
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const problem = judgeSchema(inner, `${where}.properties[${name}]`)
    if (problem) return problem
  }
  if (schema.items) return judgeSchema(schema.items, `${where}.items`)
  for (const inner of schema.anyOf ?? []) {
    const problem = judgeSchema(inner, `${where}.any_of`)
    if (problem) return problem
  }
}

function judgePart (part, where) {
  const unknown = unknownIn(part, ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse', 'thought', 'thoughtSignature'], where)
  if (unknown) return unknown
  if ('text' in part && part.text === '') return 'Unable to submit request because it must have a text parameter.'
  if (part.inlineData && (!part.inlineData.mimeType || !/^[A-Za-z0-9+/]+={0,2}$/.test(part.inlineData.data))) return `${where}.inline_data: invalid`
  if (part.fileData && !part.fileData.fileUri) return `${where}.file_data.file_uri: required`
  if (part.functionCall && (!part.functionCall.name || typeof part.functionCall.args !== 'object')) return `${where}.function_call: invalid`
  if (part.functionResponse && (!part.functionResponse.name || typeof part.functionResponse.response !== 'object' || Array.isArray(part.functionResponse.response))) return `${where}.function_response: name and response are required`
}

function judgeContents (contents, signatures) {
  if (!Array.isArray(contents) || contents.length === 0) return '* GenerateContentRequest.contents: contents is not specified'
  let pending = 0
  for (const [i, content] of contents.entries()) {
    const where = `contents[${i}]`
    const unknown = unknownIn(content, ['role', 'parts'], where)
    if (unknown) return unknown
    if (!['user', 'model'].includes(content.role)) return 'Please use a valid role: user, model.'
    if (i > 0 && contents[i - 1].role === content.role) return 'Please ensure that multiturn requests alternate between user and model.'
    if (!content.parts?.length) return `* GenerateContentRequest.${where}.parts: contents.parts must not be empty.`
    for (const [j, part] of content.parts.entries()) {
      const problem = judgePart(part, `${where}.parts[${j}]`)
      if (problem) return problem
    }
    const responses = content.parts.filter(part => part.functionResponse).length
    if (responses !== pending) return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
    const calls = content.parts.filter(part => part.functionCall)
    if (calls.length && content.role !== 'model') return 'Please ensure that function call turn comes from the model.'
    if (signatures && calls.length && !calls[0].thoughtSignature) return `Function call is missing a thought_signature in functionCall parts.`
    pending = calls.length
  }
  if (pending) return 'Please ensure that function call turn is followed by a function response turn.'
}

function judgeBody (body, call) {
  if (typeof body !== 'object' || body === null) return 'Invalid JSON payload received.'
  const unknown = unknownIn(body, ['contents', 'systemInstruction', 'generationConfig', 'tools', 'toolConfig', 'safetySettings', 'cachedContent'], '') ??
    unknownIn(body.generationConfig, configNames, 'generation_config') ?? unknownIn(body.generationConfig?.thinkingConfig, ['thinkingBudget', 'thinkingLevel', 'includeThoughts'], 'generation_config.thinking_config')
  if (unknown) return unknown
  const config = body.generationConfig ?? {}
  if (config.responseSchema) {
    const problem = judgeSchema(config.responseSchema, 'generation_config.response_schema')
    if (problem) return problem
  }
  if ((config.responseSchema || config.responseJsonSchema) && config.responseMimeType !== 'application/json') return 'response_mime_type must be application/json'
  for (const part of body.systemInstruction?.parts ?? []) if (!part.text) return 'systemInstruction: text only'
  for (const [i, tool] of (body.tools ?? []).entries()) {
    const extra = unknownIn(tool, ['functionDeclarations', 'googleSearch', 'codeExecution', 'urlContext'], `tools[${i}]`)
    if (extra) return extra
    for (const [j, declared] of (tool.functionDeclarations ?? []).entries()) {
      const where = `tools[${i}].function_declarations[${j}]`
      const problem = unknownIn(declared, ['name', 'description', 'parameters', 'response', 'behavior'], where) ?? (declared.parameters && judgeSchema(declared.parameters, `${where}.parameters`))
      if (problem) return problem
    }
  }
  return judgeContents(body.contents, /gemini-3/.test(call.path))
}

function judge (call, key) {
  const [, , method] = call.path.match(/^\/v1beta\/models\/([^/:]+):(\w+)$/) ?? []
  if (!['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent', 'batchEmbedContents'].includes(method)) return refusal(404, 'NOT_FOUND', 'Requested entity was not found.')
  if (call.headers['x-goog-api-key'] !== key) return wrong('API key not valid. Please pass a valid API key.')
  if (method === 'batchEmbedContents') {
    const bad = !Array.isArray(call.body?.requests) || call.body.requests.some(one => !/^models\//.test(one.model) || !one.content?.parts?.[0]?.text || unknownIn(one, ['model', 'content', 'taskType', 'title', 'outputDimensionality'], ''))
    return bad ? wrong('* BatchEmbedContentsRequest.requests: invalid') : null
  }
  if (method === 'streamGenerateContent' && !call.url.includes('alt=sse')) return wrong('the emulator streams with alt=sse only')
  const problem = judgeBody(call.body, call)
  return problem ? wrong(problem) : null
}

const answerOf = (call, plan) => ({
  candidates: plan.candidates ?? [{ content: { role: 'model', parts: [{ text: 'Hi \u{1F600} there' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: plan.usageMetadata ?? { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 12 },
  modelVersion: 'up-model',
  responseId: 'resp-up1',
  ...(plan.promptFeedback && { promptFeedback: plan.promptFeedback, candidates: undefined })
})

// A part at a time, texts in pieces; usage in each, the finish in the last.
function * pieces (answer) {
  if (!answer.candidates) return yield answer
  for (const candidate of answer.candidates) {
    const { finishReason, content, ...rest } = candidate
    const parts = (content?.parts ?? []).flatMap(part => part.text ? part.text.match(/[^]{1,5}/gu).map(text => ({ ...part, text })) : [part])
    for (const [i, part] of parts.entries()) yield { ...answer, candidates: [{ ...rest, content: { role: 'model', parts: [part] }, ...(i + 1 === parts.length && { finishReason }) }] }
    if (parts.length === 0) yield { ...answer, candidates: [candidate] }
  }
}

export async function startGemini ({ key = 'gemini-key', port = 0 } = {}) {
  const server = await startModelServer({
    streamType: 'text/event-stream',
    judge: call => judge(call, key),
    isStreamed: call => call.path.endsWith(':streamGenerateContent'),
    whole: (call, plan) => call.path.endsWith(':batchEmbedContents') ? { embeddings: call.body.requests.map((_, i) => ({ values: [i, 0.5, -1] })) } : call.path.endsWith(':countTokens') ? { totalTokens: 42 } : answerOf(call, plan),
    events: (call, plan) => pieces(answerOf(call, plan)),
    frame: event => `data: ${JSON.stringify(event)}\r\n\r\n`,
    failure: code => ({ error: { code, message: `told to answer ${code}`, status: 'UNKNOWN' } })
  }, port)
  return { ...server, url: server.origin }
}
