// Every problem that stack.yaml can have, as `seance` tells it: file, line, finding and what was probably meant.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program, seance, withProduct } from './command_line.mjs'
import { missing } from './program.mjs'

const skip = missing(program)

// Each line of a manifest may end in `#! problem`, several times: what must be said of that line.
function problemsIn (manifest) {
  return manifest.split('\n').flatMap((line, i) =>
    line.split('#! ').slice(1).map(problem => `stack.yaml:${i + 1}: ${problem.trim()}`))
}

// Keys that are misspelt are told before what follows from them.
const isUnknown = problem => problem.includes(': unknown key "')
async function tells (manifest, given = problemsIn(manifest)) {
  const problems = [...given.filter(isUnknown), ...given.filter(one => !isUnknown(one))]
  const message = problems.length === 1 ? problems[0] : [`${problems.length} problems:`, ...problems].join('\n  ')
  await withProduct(manifest, async folder => {
    assert.deepEqual(await seance(folder, 'doctor'), { code: 65, out: '', err: `error: ${message}\n` })
    const { code, out, err } = await seance(folder, 'up', '--json')
    assert.deepEqual({ code, err }, { code: 65, err: '' })
    assert.deepEqual(JSON.parse(out), { error: { code: 'INVALID_STACK', message } })
  })
}

test('what is no stack at all', { skip }, async () => {
  await tells('', ['stack.yaml:1: the file is empty; it must hold project, environments and services'])
  await tells('just text\n', ['stack.yaml:1: the stack must be a mapping, not a text'])
  await tells('- a\n- list\n', ['stack.yaml:1: the stack must be a mapping, not a list'])
  await tells('project: [\n', ['stack.yaml:2: no valid YAML: end of sequence flow not found'])
  await tells('project: shop\n\tdomain: x\n', ['stack.yaml:2: no valid YAML: illegal tab when looking for indentation'])
  await tells('registry: docker.io/shop\n',
    ['the stack has no project', 'the stack has no environments', 'the stack has no services'].map(what => `stack.yaml:1: ${what}`))
})

test('keys: unknown, repeated, of the wrong type', { skip }, () => tells(`
projct: shop                          #! unknown key "projct" in the stack (did you mean project?)
project: Shop                         #! project must be lower-case letters, digits and dashes
registry: [docker.io]                 #! registry must be a text, not a list
environments:
  Local: {target: local, domain: x}   #! "Local" is no name: use lower-case letters, digits and dashes
  staging: {}                         #! environment staging has no target (local or railway) #! environment staging has no domain
  production:
    target: raliway                   #! target of environment production is "raliway"; it must be one of local, railway (did you mean railway?)
    domain: {a: b}                    #! domain of environment production must be a text, not a mapping
    env: [A]                          #! env of environment production must be a mapping, not a list
    generate: key                     #! generate of environment production must be a mapping, not a text
    sinks: events                     #! sinks of environment production must be a list, not a text
    domian: shop.dev                  #! unknown key "domian" in environment production (did you mean domain?)
services:
  a_b: {program: a, port: 1}          #! "a_b" is no name: use lower-case letters, digits and dashes
  list: [a]                           #! service list must be a mapping, not a list #! service list has no program, which the local environment Local needs #! service list has no program, which the local environment staging needs #! service list has no program, which the local environment production needs
  web:
    program: web
    port: 80
    port: 81                          #! "port" appears twice in service web; the first is on line 20
    frobnicate: 1                     #! unknown key "frobnicate" in service web; it has program, args, image, source, port, local_port, subdomain, health, needs, env, secrets, volume, files, replicas, prints_commit, sets_port, resources, restart, start_timeout, stop_timeout, overlap, verify
`))

test('values of a service: out of range, without a unit, of no known kind', { skip }, () => tells(`
project: shop
environments: {local: {target: local, domain: shop.localhost}}
services:
  web:                                #! service web has no port #! service web has no program, which the local environment local needs
    program: {a: b}                   #! program of service web must be a text, not a mapping
    image: web:1
    source: src/web                   #! service web has both image and source: keep one
    args: --now                       #! args of service web must be a list, not a text
    local_port: 70000                 #! local_port of service web must be a whole number from 1 to 65535, not "70000"
    subdomain: www.shop               #! subdomain of service web must be one name, or @ for the domain itself
    health: health                    #! health of service web is "health"; it must be a path such as /health, or redis-ping
    env: {1A: b}                      #! "1A" in env of service web is no name of a variable
    secrets: [KEY, KEY, "a b"]        #! "KEY" appears twice in secrets of service web #! "a b" in secrets of service web is no name of a variable
    volume: data                      #! volume of service web must be the absolute path where the container mounts it
    replicas: 0                       #! replicas of service web must be a whole number from 1 to 100, not "0"
    restart: sometimes                #! restart of service web is "sometimes"; it must be one of always, on-failure, never
    start_timeout: 5                  #! start_timeout of service web must be a time with its unit, such as 30s or 2m
    resources: {cpu: many, memory: 5} #! cpu in resources of service web must be a number of cores above 0, such as 0.5 #! memory in resources of service web must be a whole number of MB or GB, such as 512MB
    verify:
      - ping: {}                      #! unknown key "ping" in a check in verify of service web; it has deploy, relay, chat, request
      - request: {pth: /}             #! unknown key "pth" in request in verify of service web (did you mean path?)
  none: {port: 80}                    #! service none has neither program nor image nor source: nothing to run #! service none has no program, which the local environment local needs
  one: {program: a, port: 1, verify: {relay: {}}}   #! verify of service one must be a list of checks
`))

test('what does not fit together: needs, addresses, references', { skip }, () => tells(`
project: shop
environments:
  local:
    target: local
    domain: shop.localhost
    env: {wbe: {A: b}}                #! environment local has env for "wbe", which is no service (did you mean web?)
    static:
      www: /srv                       #! static www has the subdomain of service web
      dashboard: /srv                 #! the subdomain dashboard is seance's own
services:
  web:
    program: web
    port: 80
    subdomain: www
    local_port: 5000
    needs: [db, vlakey]               #! web needs "vlakey", which is no service (did you mean valkey?)
    env:
      DB: \${services.bd.port}         #! DB of web refers to \${services.bd.port}, which environment local does not have (did you mean services.db.port?)
      OPEN: "\${port"                  #! OPEN of web: "\${port" has a \${ without its }
  twin:
    program: twin
    port: 80
    subdomain: www                    #! web and twin both want the subdomain www
    local_port: 5000                  #! web and twin both want port 5000 of this machine
    needs: [twin]                     #! twin needs itself
  db: {program: db, port: 1, needs: [valkey, valkey]}   #! db needs valkey twice #! services need each other in a circle: db -> valkey -> db
  valkey: {program: v, port: 2, needs: [db]}
  logs: {program: l, port: 3}         #! a service cannot be called logs: it is a folder of .seance
`))

test('what only the local edge can do is refused elsewhere', { skip }, () => tells(`
project: shop
environments:
  production:
    target: railway
    domain: shop.dev
    sinks: [events]                   #! environment production is not local: sinks is served by the local edge only
services:
  web: {program: web, port: 80, env: {DIR: "\${state_dir}"}}   #! service web has neither image nor source, which environment production needs #! DIR of web refers to \${state_dir}, which environment production does not have
`))
