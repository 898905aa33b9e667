// Why answers differ, as sections of docs/litellm-compatibility.md: [section, requests, path, who lacks it or a test].
const rules = [
  // Headers.
  ['connection-headers', /./, /^headers\.llm_provider-(connection|keep-alive|transfer-encoding|content-length)$/, 'ours'],
  ['renamed-headers', /./, /^headers\.llm_provider-request-id$/, 'ours'],
  ['upstream-headers-kept', /./, /^headers\.(llm_provider-|x-ratelimit-)/, 'theirs'],
  ['master-key-spend', /./, /^headers\.x-litellm-key-spend$/, 'ours'],
  ['newer-headers', /./, /^headers\.x-litellm-(model-name|response-cost-(input|output|tool-usage|cache[a-z-]*)|callback-duration-ms)$/, 'ours'],
  ['identity-on-errors', /./, /^headers\.x-litellm-(model-id|model-api-base|model-group|attempted-retries|attempted-fallbacks|version|call-id|response-cost|timeout|max-fallbacks)$/, 'theirs'],
  ['times-of-streams', /streamed/, /^headers\.x-litellm-(response|overhead)-duration-ms$/, 'ours'],
  ['times-of-errors', /./, /^headers\.x-litellm-(response|overhead)-duration-ms$/, 'any'],
  ['mock-has-no-address', /mock|fallback/, /^headers\.x-litellm-(model-api-base|response-cost.*)$/, 'any'],
  ['header-values', /./, /^headers\.(x-litellm-timeout|x-litellm-response-cost.*|retry-after|cache-control)$/, 'any'],
  // Messages of errors.
  ['error-messages', /./, /^(json|stream)\.error\.message$/, 'any'],
  ['error-types', /./, /^(json|stream)\.error\.(type|param)$/, 'any'],
  ['error-codes-kept', /./, /^(json|stream)\.error\.(provider_specific_fields|code)$/, 'any'],
  ['statuses', /upstream (413|529|409)|bad:|key generate/, /^status$/, 'any'],
  ['plain-text-errors', /bad:|key generate/, /^(headers\.content-type|text|json.*)$/, 'any'],
  // Answers.
  ['empty-fields', /./, /^json\.(choices\[\]\.(message\.)?provider_specific_fields|choices\[\]\.message\.(images|thinking_blocks|tool_calls|function_call)|vertex_ai_[a-z_]+|system_fingerprint|service_tier|citations|stop_details)$/, 'any'],
  ['tool-index', /./, /tool_calls.*\.index$/, 'ours'],
  ['group-of-aliases', /alias|by id/, /^headers\.x-litellm-model-group$/, 'any'],
  ['usage-details', /./, /^(json|stream)\.usage(\.|$)/, 'any'],
  ['model-of-fallbacks', /fallback|path/, /^json\.model$/, 'any'],
  ['content-of-blocked-answers', /filtered/, /^(json\.choices\[\]\.message\.content|stream\.text)$/, 'any'],
  ['reasoning-field', /reasoning/, /reasoning/, 'any'],
  ['messages-through-responses', /^messages gpt/, /./, 'any'],
  // Lists of models and the like.
  ['models-of-wildcards', /^GET \/(v1\/)?models/, /^json\.data\.(team\/|.*\.(mode|max_input_tokens|max_output_tokens)$)/, 'ours'],
  ['model-info-fields', /^GET .*(info)/, /^json\.data/, 'any'],
  ['readiness-fields', /readiness/, /^json\./, 'any']
]

export const explain = (name, { path, theirs, ours }) => {
  for (const [section, names, paths, lacks] of rules) {
    if (!names.test(name) || !paths.test(path)) continue
    if (lacks === 'ours' && ours !== undefined) continue
    if (lacks === 'theirs' && theirs !== undefined) continue
    return section
  }
  return null
}

export const sections = [...new Set(rules.map(([section]) => section))]
