/**
 * What a newcomer reads after `npm start`: where the shop is and where to look.
 */
import type { LocalCloud } from './cloud.ts'

export async function firstPage(cloud: LocalCloud): Promise<string> {
  const instances = cloud.instances.list()
  return [
    `Countinghouse, ${cloud.declarations.length} functions in ${instances.length} instance processes`,
    `  look        ${cloud.url}/_local`,
    '  a token     npm run token -- --role admin --sub me',
    '  the log     .local/instances.log',
    '',
  ].join('\n')
}
