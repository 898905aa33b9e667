// AssumeRole of Amazon's STS for tests: signatures are judged as AWS does, and roles are lent to who may have them.
//
//   const sts = await startSts({ id, secret, region, roles: { 'arn:…': { externalId, lent: { id, secret, session } } } })
//   sts.calls[0].params.get('RoleSessionName');  sts.lifetime = 60 (seconds);  sts.refuse = true
//   const answer = sts.hold()    // keeps every answer back until answer() is called
import { once } from 'node:events'
import http from 'node:http'
import { judgeSignature } from './bedrock.mjs'

const failed = (status, code, message) => ({ status, body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>` })

function lend (call, access, sts) {
  const problem = judgeSignature(call, access, 'sts')
  if (problem) return failed(403, 'SignatureDoesNotMatch', problem)
  const { params } = call
  if (params.get('Action') !== 'AssumeRole' || params.get('Version') !== '2011-06-15') return failed(400, 'InvalidAction', 'Could not find operation')
  if (!/^[\w+=,.@-]{2,64}$/.test(params.get('RoleSessionName') ?? '')) return failed(400, 'ValidationError', 'RoleSessionName is not valid')
  const role = access.roles[params.get('RoleArn')]
  if (sts.refuse || !role || (role.externalId ?? null) !== params.get('ExternalId')) return failed(403, 'AccessDenied', `not authorized to perform: sts:AssumeRole on resource: ${params.get('RoleArn')}`)
  const expires = new Date(Date.now() + sts.lifetime * 1000).toISOString().replace(/\.\d+/, '')
  return {
    status: 200,
    body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><Arn>x</Arn></AssumedRoleUser><Credentials>
<AccessKeyId>${role.lent.id}</AccessKeyId><SecretAccessKey>${role.lent.secret}</SecretAccessKey><SessionToken>${role.lent.session}</SessionToken><Expiration>${expires}</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`
  }
}

export async function startSts (access) {
  let open = Promise.resolve()
  const sts = { calls: [], lifetime: 3600, refuse: false }
  sts.hold = () => {
    let release
    open = new Promise(resolve => { release = resolve })
    return release
  }
  const server = http.createServer(async (request, response) => {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    const call = { path: request.url, headers: request.headers, bytes, params: new URLSearchParams(bytes.toString()) }
    sts.calls.push(call)
    await open
    const { status, body } = lend(call, access, sts)
    response.writeHead(status, { 'content-type': 'text/xml' })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  sts.url = `http://127.0.0.1:${server.address().port}`
  sts.stop = async () => { server.close(); server.closeAllConnections() }
  return sts
}
