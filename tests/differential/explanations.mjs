// Why answers differ, as sections of docs/litellm-compatibility.md: [section, requests, path, what kind of difference].
// 'ours': ours lacks it; 'theirs': LiteLLM lacks it; 'empty': LiteLLM has it without anything in it, or ours null; 'any'.
const rules = [
  // Whole answers that cannot be compared.
  ['gemini-in-its-own-form', /^gemini front/, /./, 'any'],
  ['not-offered', /^(unsupported|transform request)/, /./, 'any'],
  ['without-a-database', /^(health test connection|GET \/(v2\/model\/info|spend|global|key\/info))/, /./, 'any'],
  ['kept-of-translated', /^responses (claude|gemini) (get|input items|delete|cancel)/, /./, 'any'],
  ['kept-of-translated', /^responses (claude|gemini) bad: unknown previous$/, /./, 'any'],
  ['untranslated-tools', /^responses claude bad: file search$/, /./, 'any'],
  ['errors-before-streams', /^responses gemini upstream \d+ streamed$/, /./, 'any'],
  ['answers-of-ears', /^translations/, /./, 'any'],
  ['answers-of-ears', /^transcriptions/, /^(headers\.content-type|text|json(\.(text|task|duration|segments|language|usage|words).*)?)$/, 'any'],
  ['capabilities', /^chat gemini (logprobs|image by address)$|^images bad: not offered$/, /./, 'any'],
  ['empty-messages', /empty messages$/, /./, 'any'],
  ['keys-of-gemini', /^pass-through gemini$/, /./, 'any'],
  ['other-lists', /^GET \/(routes|metrics|health\/services|health\/backlog|)$|^GET \/health\/services\?/, /./, 'any'],
  ['health-answers', /^GET \/health\?/, /^(json\.(healthy_endpoints|unhealthy_endpoints|error|detail)|status$)/, 'any'],
  ['counts-of-tokens', /^(count tokens|token counter)/, /^(json|status)/, 'any'],
  ['models-for-anthropic', /^GET \/v1\/models as Anthropic$/, /^json\.(data\[\]|first_id|last_id)/, 'any'],
  ['models-that-are-not', /^GET \/(v1\/models\/|model\/info\?litellm_model_id=nothing)/, /^json\.(detail|error)$/, 'any'],
  ['access-groups', /only_model_access_groups/, /^json\.data/, 'any'],

  // What the upstream is asked.
  ['attribution', /./, /^upstream\[\]\.headers\.(x-title|http-referer)$/, 'ours'],
  ['messages-through-responses', /^(messages|count tokens) gpt/, /^upstream/, 'any'],
  ['completions-as-chats', /^completions/, /^upstream/, 'any'],
  ['completions-as-chats', /^completions several prompts/, /^headers\.llm_provider-/, 'ours'],
  ['keys-of-gemini', /^pass-through gemini/, /^upstream\[\]\.headers\.x-goog-api-key$/, 'theirs'],
  ['capabilities', /^chat gemini (system prompt|developer role|json (schema|object)|two results|call without arguments)|^messages gemini system prompt|^responses gemini (instructions|json schema|items)/, /^upstream\[\]\.body\.(contents|systemInstruction|generationConfig\.response|tools)/, 'any'],
  ['schemas-for-gemini', /gemini/, /^upstream\[\]\.body\.(tools|generationConfig\.response)/, 'any'],
  ['structured-answers', /^(chat|responses) claude json/, /^upstream\[\]\.body\.(tools|tool_choice|output_format)/, 'any'],
  ['tools-of-anthropic', /claude/, /^upstream\[\]\.body\.tools\[\]\.type$/, 'ours'],
  ['longest-answers', /claude (reasoning|cache control|json)/, /^upstream\[\]\.body\.max_tokens$/, 'any'],
  ['roles-of-developers', /developer role/, /^upstream\[\]\.body\.messages\[\]\.role$/, 'any'],
  ['said-to-upstreams', /many parameters|call without arguments|tool result|two results|claude file/, /^upstream\[\]\.body\.(metadata|user|messages\[\]\.content.*)$/, 'any'],
  ['kept-of-translated', /^responses (claude|gemini) second turn/, /^upstream\[\]\.body\.(messages|contents)/, 'any'],
  ['pass-through-headers', /^responses gpt cancel/, /^upstream\[\]\.body$/, 'any'],
  ['tries-of-the-client', /upstream (429|500)$/, /^upstream\[\]$/, 'ours'],
  ['health-answers', /^GET \/health\?/, /^upstream/, 'any'],
  ['fields-of-forms', /^images edit|^transcriptions/, /^upstream\[\]\.body/, 'any'],
  ['checked-by-the-provider', /^(speech|transcriptions) bad:/, /^upstream\[\]$/, 'theirs'],
  ['counts-of-tokens', /^count tokens/, /^upstream/, 'any'],

  // Headers.
  ['connection-headers', /./, /^headers\.llm_provider-(connection|keep-alive|transfer-encoding|content-length)$/, 'ours'],
  ['renamed-headers', /./, /^headers\.llm_provider-request-id$/, 'ours'],
  ['upstream-headers-kept', /./, /^headers\.(llm_provider-|x-ratelimit-)/, 'theirs'],
  ['limits-of-the-price-map', /./, /^headers\.x-ratelimit-(limit|remaining)-(tokens|requests)$/, 'any'],
  ['pass-through-headers', /^(pass-through|responses gpt (get|input items|delete|cancel))/, /^headers\.(llm_provider-|x-litellm-|x-ratelimit-|content-type|cache-control)/, 'any'],
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
  ['statuses', /upstream (413|529|409)|bad: (a list|no key|key without sk-|role|get of|delete of|items of|no file|no model|JSON|unknown model)|^(key generate|moderations without a model)|=(perhaps|nonsense)$|team_id=nothing$/, /^status$/, 'any'],
  ['plain-text-errors', /bad:|^key generate|^moderations without a model|=(perhaps|nonsense)$|team_id=nothing$|unknown path|wrong method/, /^(headers\.(content-type|x-litellm-.*)|text|json.*)$/, 'any'],

  // Answers.
  ['empty-fields', /./, /^(json|stream)/, 'empty'],
  ['empty-fields', /./, /^json\.(choices\[\]\.(message\.)?provider_specific_fields|choices\[\]\.message\.(images|thinking_blocks|tool_calls|function_call)|vertex_ai_[a-z_]+|system_fingerprint|service_tier|citations|stop_details)$/, 'any'],
  ['tool-index', /./, /tool_calls.*\.index$/, 'ours'],
  ['group-of-aliases', /alias|by id/, /^headers\.x-litellm-model-group$/, 'any'],
  ['usage-details', /./, /^(json|stream|stream\.response)\.(usage(\.|$)|svg_usage)/, 'any'],
  ['model-of-fallbacks', /fallback|path/, /^json\.model$/, 'any'],
  ['content-of-blocked-answers', /filtered/, /^(json\.choices\[\]\.message\.content|stream\.text)$/, 'any'],
  ['reasoning-field', /reasoning|thinking/, /reasoning|thinking|signature$/, 'any'],
  ['structured-answers', /json (object|schema)/, /^(json\.choices\[\]\.message\.content|json\.output\[\]\.content\[\]\.text|stream\.(text|response\.output\[\]\.content\[\]\.text))$/, 'any'],
  ['items-of-reasoning', /^responses .* reasoning/, /^(json|stream\.response)\.output|^stream\.(events|text|reasoning|named)/, 'any'],
  ['settings-in-responses', /^responses (claude|gemini|mock)/, /^(json|stream\.response)\.(parallel_tool_calls|reasoning|store|temperature|top_p|truncation|text|provider_specific_fields|previous_response_id|instructions|max_output_tokens|user|metadata|tools|tool_choice|background|error|incomplete_details|usage)/, 'any'],
  ['failed-responses', /^responses gpt failed streamed$/, /^stream\./, 'any'],
  ['names-in-responses', /^responses/, /^(json|stream\.response)\.model$/, 'any'],
  ['named-events', /^responses .*streamed$/, /^stream\.named$/, 'any'],
  ['names-of-models', /^(moderations|rerank)/, /^json\.model$/, 'any'],

  // Lists of models and the like.
  ['models-of-wildcards', /^GET \/(v1\/)?models/, /^json\.(data\.(team\/|[^.]+\.)?.*)?(mode|max_input_tokens|max_output_tokens)$|^json\.data\.team\//, 'ours'],
  ['model-info-fields', /^GET .*(info)/, /^json\.data/, 'any'],
  ['readiness-fields', /readiness/, /^json\./, 'any']
]

// What says nothing: null, nought, and lists, maps and texts without anything in them.
const empty = value => value === null || value === '' || value === 0 || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

const isKind = {
  any: () => true,
  ours: ({ ours }) => ours === undefined,
  theirs: ({ theirs }) => theirs === undefined,
  empty: ({ theirs, ours }) => (empty(theirs) && ours === undefined) || (theirs === undefined && ours === null)
}

export const explain = (name, difference) => rules.find(([, names, paths, kind]) => names.test(name) && paths.test(difference.path) && isKind[kind](difference))?.[0] ?? null

export const sections = [...new Set(rules.map(([section]) => section))]
