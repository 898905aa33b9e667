// Domains and what must stand in DNS for them. A custom domain needs two records, of which `dnsRecords` lists one:
// without the ownership TXT it is never verified, and the edge answers 404.
import { createHash, randomBytes } from 'node:crypto'
import { refused } from './errors.mjs'

const HOST = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/
const PREFIX = 'railway-verify='

// Asks the Cloudflare emulator, in this process or another, what stands at a name.
export function zoneView (cloudflare) {
  if (!cloudflare) return async () => null
  if (typeof cloudflare !== 'string') return async name => cloudflare.lookup(name)
  const control = new URL('/__control/dns', cloudflare)
  return async name => (await fetch(`${control}?name=${encodeURIComponent(name)}`)).json()
}

export class Domains {
  constructor (platform) {
    this.platform = platform
    this.lookup = platform.options.recordsByHand ? async name => this.#byHand(name) : zoneView(platform.cloudflare)
  }

  // What a person has written into a zone elsewhere: just what each domain asks for.
  #byHand (name) {
    const rows = this.platform.state.customDomains.filter(row => !row.deletedAt)
    if (name.startsWith('_railway-verify')) return { zone: null, records: rows.map(row => ({ type: 'TXT', content: PREFIX + row.token.replaceAll(PREFIX, ''), modified_on: row.createdAt })) }
    return { zone: null, records: rows.filter(row => row.domain === name).map(row => ({ type: 'CNAME', content: row.target, proxied: false, modified_on: row.createdAt })) }
  }

  available (domain) {
    if (!HOST.test(domain)) return { available: false, message: `${domain} is not a valid domain` }
    const taken = [...this.platform.state.customDomains, ...this.platform.state.serviceDomains].some(row => row.domain === domain && !row.deletedAt)
    return taken ? { available: false, message: `${domain} is already in use` } : { available: true, message: `${domain} is available` }
  }

  #conflict (domain, serviceId) {
    const wild = one => one.startsWith('*.') ? one.slice(1) : null
    return this.platform.state.customDomains.find(row => !row.deletedAt && row.serviceId !== serviceId &&
      ((wild(domain) && row.domain.endsWith(wild(domain))) || (wild(row.domain) && domain.endsWith(wild(row.domain)))))
  }

  create (instance, domain, targetPort) {
    const { platform } = this
    domain = domain.toLowerCase()
    const { available, message } = this.available(domain)
    if (!available) throw refused(message)
    if (domain.endsWith('.up.railway.app')) throw refused('A Railway domain cannot be a custom domain')
    const of = row => !row.deletedAt && (platform.options.plan === 'FREE' || (row.serviceId === instance.serviceId && row.environmentId === instance.environmentId))
    if (platform.state.customDomains.filter(of).length >= platform.plan.customDomains) throw refused(`Custom domain limit reached: this plan allows ${platform.plan.customDomains} per service`)
    if (this.#conflict(domain, instance.serviceId)) throw refused('A wildcard domain and a domain under it cannot belong to different services')
    checkPort(targetPort)
    const times = platform.options.tokenPrefix === 'varied' ? platform.state.customDomains.length % 3 : platform.options.tokenPrefix
    const row = {
      id: platform.id(), domain, serviceId: instance.serviceId, environmentId: instance.environmentId, projectId: platform.row('services', instance.serviceId).projectId, targetPort: targetPort ?? null,
      target: `${randomBytes(4).toString('hex')}.up.railway.app`, token: PREFIX.repeat(times) + randomBytes(16).toString('hex'), reissuedAt: null,
      createdAt: platform.stamp(), updatedAt: platform.stamp()
    }
    platform.state.customDomains.push(row)
    return row
  }

  createServiceDomain (instance, targetPort) {
    const { platform } = this
    checkPort(targetPort)
    const service = platform.row('services', instance.serviceId)
    const environment = platform.row('environments', instance.environmentId)
    const slug = `${service.name}-${environment.name}-${randomBytes(2).toString('hex')}`.toLowerCase().replace(/[^a-z0-9-]+/g, '-')
    const row = { id: platform.id(), domain: `${slug}.up.railway.app`, suffix: 'up.railway.app', serviceId: service.id, environmentId: environment.id, projectId: service.projectId, targetPort: targetPort ?? null, createdAt: platform.stamp(), updatedAt: platform.stamp() }
    platform.state.serviceDomains.push(row)
    return row
  }

  // The platform's guess of the registrable zone: the last two labels. The real zone may be another.
  zoneOf (domain) { return domain.split('.').slice(-2).join('.') }

  async status (row) {
    const { platform } = this
    const { options } = platform
    const zone = this.zoneOf(row.domain)
    const label = row.domain === zone ? '' : row.domain.slice(0, -zone.length - 1)
    const verifyLabel = label.replace(/^\*\.?/, '') ? `_railway-verify.${label.replace(/^\*\.?/, '')}` : '_railway-verify'
    const seen = await this.#seen(row, `${verifyLabel}.${zone}`)
    const certificate = this.#certificate(row, seen)
    const cname = {
      hostlabel: label || '@', fqdn: row.domain, zone, recordType: 'DNS_RECORD_TYPE_CNAME', requiredValue: row.target, currentValue: seen.cname && !seen.proxied ? seen.cname : '',
      status: seen.pointed && (!seen.proxied || options.proxiedRecordStatus === 'PROPAGATED') ? 'DNS_RECORD_STATUS_PROPAGATED' : 'DNS_RECORD_STATUS_REQUIRES_UPDATE', purpose: 'DNS_RECORD_PURPOSE_TRAFFIC_ROUTE'
    }
    const challenge = row.domain.startsWith('*.') ? [{ ...cname, hostlabel: `_acme-challenge.${label.slice(2)}`.replace(/\.$/, ''), fqdn: `_acme-challenge.${row.domain.slice(2)}`, requiredValue: `${row.id.slice(0, 8)}.authorize.railwaydns.net`, currentValue: '', status: 'DNS_RECORD_STATUS_REQUIRES_UPDATE', purpose: 'DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE' }] : []
    return {
      // The traffic record is not first where there are others: choose it by its purpose.
      dnsRecords: [...challenge, cname],
      verificationDnsHost: options.verificationHost === 'complete' ? `${verifyLabel}.${zone}` : verifyLabel,
      verificationToken: row.token,
      verified: seen.verified,
      cdnProvider: seen.pointed && seen.proxied ? 'DETECTED_CDN_PROVIDER_CLOUDFLARE' : null,
      ...certificate
    }
  }

  // Both records right, for as long as the platform needs to notice. They must stay: without them it is undone.
  async #seen (row, txtName) {
    const [at, txt] = [await this.lookup(row.domain), await this.lookup(txtName)]
    const record = at?.records.find(one => one.type === 'CNAME')
    const wanted = PREFIX + row.token.replaceAll(PREFIX, '')
    const proof = txt?.records.find(one => one.type === 'TXT' && one.content === wanted)
    const pointed = record?.content === row.target
    const since = pointed && proof ? Math.max(Date.parse(record.modified_on), Date.parse(proof.modified_on), Date.parse(row.createdAt)) : null
    const { platform } = this
    const verifiedAt = since === null ? null : since + platform.scaled(platform.options.verifyMs)
    return { cname: record?.content ?? '', pointed, proxied: record?.proxied ?? false, verifiedAt, verified: verifiedAt !== null && platform.now() >= verifiedAt, zone: at?.zone ?? null }
  }

  #certificate (row, seen) {
    const none = { certificateErrorMessage: null, certificateErrorType: null, certificateRetryable: null, certificateStatusDetailed: null, certificates: null }
    if (!seen.verified) return { ...none, certificateStatus: 'CERTIFICATE_STATUS_TYPE_VALIDATING_OWNERSHIP' }
    const { platform } = this
    const fate = seen.proxied ? platform.options.proxiedCertificate : 'issued'
    const from = Math.max(seen.verifiedAt, row.reissuedAt ? Date.parse(row.reissuedAt) : 0)
    const done = from + platform.scaled(platform.options.certificateMs)
    if (platform.now() < done || fate === 'stuck') return { ...none, certificateStatus: 'CERTIFICATE_STATUS_TYPE_ISSUING', certificateStatusDetailed: 'CERTIFICATE_STATUS_TYPE_DETAILED_POLLING_AUTHORIZATIONS' }
    if (fate === 'failed') {
      return { ...none, certificateStatus: 'CERTIFICATE_STATUS_TYPE_ISSUE_FAILED', certificateStatusDetailed: 'CERTIFICATE_STATUS_TYPE_DETAILED_FAILED', certificateErrorType: 'CERTIFICATE_ERROR_TYPE_AUTHORIZATION_FAILED', certificateErrorMessage: `the challenge for ${row.domain} was answered by another server`, certificateRetryable: true }
    }
    const issued = new Date(done).toISOString()
    return {
      ...none, certificateStatus: 'CERTIFICATE_STATUS_TYPE_VALID', certificateStatusDetailed: 'CERTIFICATE_STATUS_TYPE_DETAILED_COMPLETE',
      certificates: [{ domainNames: [row.domain], issuedAt: issued, expiresAt: new Date(done + 90 * 86_400_000).toISOString(), fingerprintSha256: createHash('sha256').update(row.id + issued).digest('hex'), keyType: 'KEY_TYPE_ECDSA' }]
    }
  }

  async reissue (row) {
    const { certificateStatus, certificateRetryable } = await this.status(row)
    if (certificateStatus !== 'CERTIFICATE_STATUS_TYPE_ISSUE_FAILED' || certificateRetryable === false) throw refused('Certificate cannot be issued again now')
    row.reissuedAt = this.platform.stamp()
  }

  // How the internet reaches a host name: { row, zone, proxied, certificate } or the reason why it does not.
  async route (host) {
    const own = this.platform.state.serviceDomains.find(row => row.domain === host && !row.deletedAt)
    if (own) return { row: own, zone: null, proxied: false, certified: true }
    const row = this.platform.state.customDomains.find(one => !one.deletedAt && (one.domain === host || (one.domain.startsWith('*.') && host.endsWith(one.domain.slice(1)))))
    const at = await this.lookup(host)
    const record = at?.records.find(one => one.type === 'CNAME')
    const reached = { proxied: record?.proxied ?? false, zone: at?.zone ?? null }
    if (!at || !record) return { ...reached, missing: 'there is no DNS record for the name' }
    if (!row) return { ...reached, missing: 'no service has this domain' }
    if (record.content !== row.target) return { ...reached, missing: `the CNAME points to ${record.content}, not to ${row.target}` }
    const { verified, certificateStatus } = await this.status(row)
    if (!verified) return { ...reached, missing: 'the domain is not verified: the ownership TXT is missing, wrong or too new' }
    return { ...reached, row, certified: certificateStatus === 'CERTIFICATE_STATUS_TYPE_VALID' }
  }
}

export function checkPort (port) {
  if (port !== null && port !== undefined && !(port >= 1 && port <= 65535)) throw refused(`targetPort ${port} is not a port`)
}
