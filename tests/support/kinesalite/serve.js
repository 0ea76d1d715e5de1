// Serves Kinesis from memory on a free port of this machine alone, until whoever started it ends.
const kinesalite = require('kinesalite')

const server = kinesalite({createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0, shardLimit: 100000})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit()).resume()
