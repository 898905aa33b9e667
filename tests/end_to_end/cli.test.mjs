// The command line as sentences: what it says and how it exits, for every code that docs/seance.md lists.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { listenSomewhere, program, seance, shop, withProduct } from './command_line.mjs'
import { freePort, missing, waitFor } from './program.mjs'

const skip = missing(program)
const sleeper = shop('  web: {program: sleep, args: ["600"], port: 80}\n')

// Every error twice: as a sentence on standard error alone, and as a document on standard output alone.
async function fails (folder, words, expected) {
  const { exit, code, message, hint } = expected
  const sentence = await seance(folder, ...words)
  assert.deepEqual(sentence, { code: exit, out: '', err: `error: ${message}\n${hint ? `  ${hint}\n` : ''}` })

  const document = await seance(folder, ...words, '--json')
  assert.equal(document.code, exit)
  assert.deepEqual(JSON.parse(document.out), { error: hint ? { code, message, hint } : { code, message } })
  assert.equal(document.err, '')
}

const usage = (message, hint = 'seance --help lists what there is') => ({ exit: 64, code: 'USAGE', message, hint })
const mistakes = [
  [['statsu'], usage('seance has no command "statsu" (did you mean status?)')],
  [[], usage('seance needs a command')],
  [['up', '--edge-prt', '3'], usage('seance up has no option --edge-prt (did you mean --edge-port?)', 'seance up --help lists what there is')],
  [['up', '--edge-port=0'], usage('--edge-port: "0" is no whole number from 1 to 65535', 'seance up --help lists what there is')],
  [['doctor', '--edge-port', 'http'], usage('--edge-port: "http" is no whole number from 1 to 65535', 'seance doctor --help lists what there is')],
  [['logs', '-n', '0'], usage('--lines: "0" is no whole number from 1 to 1000000', 'seance logs --help lists what there is')],
  [['logs', '--since'], usage('--since needs a value', 'seance logs --help lists what there is')],
  [['logs', '--since', 'nonsense'], { exit: 64, code: 'USAGE', message: '--since is "nonsense"; give a time back such as 10m, or one such as 2026-11-24T06:47Z' }],
  [['status', 'backend'], usage('seance status takes no argument "backend"', 'seance status --help lists what there is')],
  [['keys'], usage('seance keys needs a command: new', 'seance keys --help lists what there is')],
  [['keys', 'nwe'], usage('seance keys has no command "nwe" (did you mean new?)', 'seance keys --help lists what there is')]
]

test('a mistake on the command line is answered with the word that is wrong and the nearest right one', { skip }, async () => {
  await withProduct(sleeper, async folder => {
    for (const [words, expected] of mistakes) {
      // What a document is asked for with must not be taken for the missing value.
      if (words.at(-1) === '--since') {
        const { code, err } = await seance(folder, ...words)
        assert.deepEqual({ code, err }, { code: 64, err: `error: ${expected.message}\n  ${expected.hint}\n` })
      } else {
        await fails(folder, words, expected)
      }
    }
  })
})

test('help is a result: of the whole, and of each command', { skip }, async () => {
  const whole = await seance('/', '--help')
  assert.equal(whole.code, 0)
  assert.equal(whole.err, '')
  assert.deepEqual(await seance('/', 'help'), whole)
  const up = await seance('/', 'help', 'up')
  assert.deepEqual(await seance('/', 'up', '--help'), up)
  assert.match(up.out, /--edge-port PORT=8080/)
})

test('the help of a command that asks says how it does not', { skip }, async () => {
  for (const command of ['deploy', 'rollback', 'plan']) assert.match((await seance('/', command, '--help')).out, /--yes/, command)
})

test('where there is no stack.yaml, it says where it looked and how to name one', { skip }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'seance-cli-'))
  try {
    const noStack = (message, hint) => ({ exit: 65, code: 'NO_STACK', message, hint })
    for (const command of ['up', 'down', 'status', 'logs', 'verify', 'doctor']) {
      await fails(folder, [command], noStack('there is no stack.yaml here or in a folder above',
        'go to the product\'s folder, or name the file: seance --stack FILE …'))
    }
    await fails(folder, ['--stack', 'nope.yaml', 'status'],
      noStack('cannot read nope.yaml: No such file or directory', 'name the product\'s file: seance --stack FILE …'))
    await fails(folder, ['--stack', '.', 'status'], noStack('. is a folder', 'name the file: seance --stack ./stack.yaml …'))
    await mkdir(path.join(folder, 'stack.yaml'))
    await fails(folder, ['up'], noStack('stack.yaml is a folder', 'name the file: seance --stack stack.yaml/stack.yaml …'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('an environment that is not there is answered with those that are', { skip }, async () => {
  await withProduct(sleeper, folder => fails(folder, ['-e', 'locla', 'status'], {
    exit: 65, code: 'NO_ENVIRONMENT', message: 'stack.yaml has no environment locla (did you mean local?)', hint: 'it has local'
  }))
})

test('a key is shown with its hash, and kept nowhere', { skip }, async () => {
  const { code, out, err } = await seance('/', 'keys', 'new')
  assert.equal(code, 0)
  const [, key, hash] = /^key {5}([0-9a-f]{64})\nsha256 {2}([0-9a-f]{64})\n$/.exec(out)
  assert.equal(hash, createHash('sha256').update(key).digest('hex'))
  assert.match(err, /shown this once/)
  const document = JSON.parse((await seance('/', 'keys', 'new', '--json', '-q')).out)
  assert.equal(document.sha256, createHash('sha256').update(document.key).digest('hex'))
})

test('what does not run can be asked for and stopped: 3 and 0', { skip }, async () => {
  await withProduct(sleeper, async folder => {
    const notRunning = { exit: 3, code: 'NOT_RUNNING', message: 'the stack does not run here', hint: 'start it: seance up' }
    await fails(folder, ['status'], notRunning)
    await fails(folder, ['verify'], notRunning)
    await fails(folder, ['logs'], { exit: 3, code: 'NO_LOGS', message: 'nothing has run here yet', hint: 'start the stack: seance up' })
    await fails(folder, ['logs', 'wbe'], { exit: 3, code: 'NO_SERVICE', message: 'there is no service wbe (did you mean web?)', hint: 'there are web' })
    assert.deepEqual(await seance(folder, 'down'), { code: 0, out: '', err: 'nothing runs here\n' })
    assert.deepEqual(JSON.parse((await seance(folder, 'down', '--json')).out), { schema: 'seance.down/1', stopped: false })
  })
})

test('a taken port is named with who has it, by up with 1 and by doctor with 7, both with the way out', { skip }, async () => {
  const { server, port } = await listenSomewhere()
  try {
    await withProduct(sleeper, async folder => {
      const holder = `${path.basename(await realpath(process.execPath))} (process ${process.pid})`
      const fix = 'stop that program, or choose another port: seance up --edge-port PORT'
      await fails(folder, ['up', '--edge-port', String(port)],
        { exit: 1, code: 'PORT_TAKEN', message: `port ${port} of 127.0.0.1 is taken by ${holder}`, hint: fix })

      const doctor = await seance(folder, 'doctor', '--edge-port', String(port))
      assert.equal(doctor.code, 7)
      assert.ok(doctor.out.includes(`${port} of 127.0.0.1 is taken by ${holder}\n`), doctor.out)
      const document = JSON.parse((await seance(folder, 'doctor', '--json', '--edge-port', String(port))).out)
      assert.deepEqual(document.checks.filter(check => check.status === 'fail'),
        [{ what: 'port of the edge', status: 'fail', finding: `${port} of 127.0.0.1 is taken by ${holder}`, fix }])
    })
  } finally {
    server.close()
  }
})

test('doctor counts one thing as one', { skip }, async () => {
  await withProduct(sleeper, async folder => {
    assert.match((await seance(folder, 'doctor', '--edge-port', String(await freePort()))).out, /stack\.yaml +1 service\n/)
  })
})

async function services (folder) {
  const { services } = JSON.parse((await seance(folder, 'status', '--json')).out)
  return Object.fromEntries(services.map(one => [one.name, one]))
}

test('a stack.yaml that has changed since up is told by status, verify and up, with what to do', { skip }, async () => {
  await withProduct(sleeper, async folder => {
    const edge = ['--edge-port', String(await freePort())]
    const advice = 'stack.yaml has changed since the stack was started, which runs as it was: seance down, then seance up, takes the change over'
    const changed = async () => JSON.parse((await seance(folder, 'status', '--json')).out).stack_changed
    assert.equal((await seance(folder, 'up', '--detach', ...edge)).code, 0)
    assert.equal(await changed(), false)

    await writeFile(path.join(folder, 'stack.yaml'), '# a remark changes nothing\n' + sleeper)
    assert.equal(await changed(), false)
    assert.equal((await seance(folder, 'verify')).err, '')

    await writeFile(path.join(folder, 'stack.yaml'), sleeper + '  api: {program: sleep, args: ["600"], port: 81, subdomain: api, health: /}\n')
    assert.equal(await changed(), true)
    assert.ok((await seance(folder, 'status')).out.endsWith(`! ${advice}\n`))
    assert.equal((await seance(folder, 'verify')).err, `! ${advice}\n`)
    const second = await seance(folder, 'up', ...edge)
    assert.equal(second.code, 5)
    assert.match(second.err, /^error: the stack already runs \(process \d+\) at http:\/\/shop\.localhost:\d+, 1 of 1 service healthy\n/)
    assert.ok(second.err.endsWith(`\n  ${advice}\n`), second.err)
  })
})

test('services keep their ports from one up to the next, but for one that is taken', { skip }, async () => {
  const two = shop('  web: {program: sleep, args: ["600"], port: 80}\n  api: {program: sleep, args: ["600"], port: 81}\n')
  await withProduct(two, async folder => {
    const start = async () => {
      const { code, err } = await seance(folder, 'up', '--detach', '--edge-port', String(await freePort()))
      assert.equal(code, 0, err)
      return services(folder)
    }
    const first = await start()
    await seance(folder, 'down')
    const second = await start()
    assert.deepEqual([second.web.port, second.api.port], [first.web.port, first.api.port])
    await seance(folder, 'down')

    const taker = createServer().listen(first.web.port, '127.0.0.1')
    await once(taker, 'listening')
    try {
      const third = await start()
      assert.notEqual(third.web.port, first.web.port)
      assert.equal(third.api.port, first.api.port)
    } finally {
      taker.close()
    }
  })
})

test('restart drains a service and starts it anew, and leaves the others alone', { skip }, async () => {
  const polite = 'trap "echo drained; exit 0" TERM; echo begun; while :; do sleep 0.05; done'
  const two = shop(`  store: {program: sleep, args: ["600"], port: 81}\n  web: {program: sh, args: ["-c", ${JSON.stringify(polite)}], port: 80, needs: [store]}\n`)
  await withProduct(two, async folder => {
    await fails(folder, ['restart'], { exit: 3, code: 'NOT_RUNNING', message: 'the stack does not run here', hint: 'start it: seance up' })
    assert.equal((await seance(folder, 'up', '--detach', '--edge-port', String(await freePort()))).code, 0)
    await fails(folder, ['restart', 'wbe'], { exit: 3, code: 'NO_SERVICE', message: 'there is no service wbe (did you mean web?)', hint: 'there are store, web' })
    const first = await services(folder)
    await waitFor(async () => (await seance(folder, 'logs', 'web')).out.includes('begun'), 'web to have set its trap')

    const { code, err } = await seance(folder, 'restart', 'web')

    assert.equal(code, 0, err)
    assert.match(err, /^(● web stopping\n|○ web stopping\n)?(○ web starting\n)?● web healthy\n$/)
    const second = await services(folder)
    assert.equal(second.store.pid, first.store.pid)
    assert.notEqual(second.web.pid, first.web.pid)
    assert.equal(second.web.restarts, 0)
    assert.match((await seance(folder, 'logs', 'web')).out, /begun\n[^]*drained\n[^]*begun\n|begun\n[^]*drained\n/)

    const all = JSON.parse((await seance(folder, 'restart', '--json', '-q')).out)
    assert.deepEqual(all, { schema: 'seance.restart/1', restarted: ['store', 'web'] })
    const third = await services(folder)
    assert.ok(third.store.pid !== second.store.pid && third.web.pid !== second.web.pid)
  })
})

test('restart brings back a service that has failed for good', { skip }, async () => {
  await withProduct(shop('  web: {program: sh, args: ["-c", "test -e ready && exec sleep 600"], port: 80, restart: never}\n'), async folder => {
    assert.equal((await seance(folder, 'up', '--detach', '--edge-port', String(await freePort()))).code, 1)
    await writeFile(path.join(folder, 'ready'), '')
    assert.equal((await seance(folder, 'restart', 'web')).code, 0)
    assert.equal((await services(folder)).web.state, 'healthy')
  })
})

test('doctor exits with 0 where nothing is in the way', { skip }, async () => {
  await withProduct(sleeper, async folder => {
    const { code, out, err } = await seance(folder, 'doctor', '--edge-port', String(await freePort()))
    assert.equal(code, 0, out)
    assert.equal(err, '')
  })
})

test('state that cannot be written is named with its path', { skip }, async () => {
  await withProduct(sleeper, async folder => {
    await writeFile(path.join(folder, '.seance'), 'a file where a folder must be')
    await fails(folder, ['up', '--edge-port', String(await freePort())], {
      exit: 1, code: 'NO_STATE', message: `cannot make the folder ${folder}/.seance/logs: Not a directory`,
      hint: '`seance doctor` looks at everything that is needed'
    })
  })
})

test('an environment that is deployed elsewhere cannot be run here', { skip }, async () => {
  const manifest = `project: shop
environments: {production: {target: railway, domain: shop.dev}}
services:
  web: {image: "web:1", port: 80}
`
  await withProduct(manifest, folder => fails(folder, ['-e', 'production', 'up'],
    { exit: 64, code: 'NOT_LOCAL', message: 'environment production does not run on this machine' }))
})

test('up --detach says which service does not become healthy, and exits with 1 long before its patience ends', { skip }, async () => {
  const services = '  good: {program: sleep, args: ["600"], port: 80}\n  bad: {program: "false", port: 81, health: /health}\n  gone: {program: no-such-program, port: 82}\n'
  await withProduct(shop(services), async folder => {
    const { code, out, err } = await seance(folder, 'up', '--detach', '--edge-port', String(await freePort()))
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(err, /● good healthy\n/)
    assert.match(err, /● bad restarting: exit code 1; starts again in /)
    assert.match(err, /● gone failed: no program no-such-program beside seance or on PATH; seance doctor says more\n/)
    assert.ok(err.endsWith('error: not every service has become healthy\n' +
      '  `seance status` says which, `seance logs` why, `seance down` stops it\n'), err)
    assert.match((await seance(folder, 'doctor')).out, /✘ {2}program of gone +no-such-program is neither beside seance nor on PATH\n/)
  })
})

test('Ctrl-C stops a stack politely with 0; again, at once with 130', { skip }, async () => {
  const stubborn = shop('  web: {program: sh, args: ["-c", "trap \'\' TERM; echo deaf; exec sleep 600"], port: 80, stop_timeout: 60s}\n')
  for (const [manifest, interrupts, exit] of [[sleeper, 1, 0], [stubborn, 2, 130]]) {
    await withProduct(manifest, async folder => {
      const stack = spawn(program, ['up', '--edge-port', String(await freePort())], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
      let err = ''
      stack.stderr.on('data', piece => { err += piece })
      const exited = once(stack, 'exit')
      let out = ''
      stack.stdout.on('data', piece => { out += piece })
      // The table says that all is healthy; a process is that before it can have said to be deaf.
      await waitFor(() => out.includes('SERVICE') && (manifest !== stubborn || (out + err).includes('deaf')), 'the start')
      for (let i = 1; i <= interrupts; i++) {
        stack.kill('SIGINT')
        if (i < interrupts) await waitFor(() => err.includes('web stopping'), 'the first Ctrl-C to work')
      }
      const [code] = await exited
      assert.equal(code, exit, err)
      assert.match(err, /stopping \(again: at once\)\n[^]*stopped\n$/)
    })
  }
})

test('Ctrl-C while up --detach waits stops what has started, and exits with 130', { skip }, async () => {
  await withProduct(shop('  web: {program: sleep, args: ["600"], port: 80, health: /never}\n'), async folder => {
    const parent = spawn(program, ['up', '--detach', '--edge-port', String(await freePort())], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    let err = ''
    parent.stderr.on('data', piece => { err += piece })
    const exited = once(parent, 'exit')
    await waitFor(() => err.includes('web starting'), 'the start')
    parent.kill('SIGINT')
    const [code] = await exited
    assert.equal(code, 130)
    assert.match(err, /error: interrupted; what had started is stopped\n$/)
    assert.equal((await seance(folder, 'status')).code, 3)
  })
})
