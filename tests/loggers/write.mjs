// Writes lines as pino and winston do: node write.mjs FOLDER HOW_MANY
import pino from 'pino';
import winston from 'winston';

const [folder, count] = process.argv.slice(2);
const byPino = pino(pino.destination({ dest: `${folder}/pino.log`, sync: true }));
const byWinston = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [new winston.transports.File({ filename: `${folder}/winston.log` })],
});
// As winston's own default is: no time at all.
const withoutTime = winston.createLogger({
  format: winston.format.json(),
  transports: [new winston.transports.File({ filename: `${folder}/winston_default.log` })],
});
for (let i = 0; i < Number(count); ++i) {
  const fields = { event: 'Export Used', user_id: `user-${i}`, format: 'csv', duration_ms: 1500 };
  byPino.info(fields, 'exported');
  byWinston.info('exported', fields);
  withoutTime.info('exported', fields);
}
byPino.error({ err: new Error('disk is full') }, 'something else');
byWinston.error('something else');
