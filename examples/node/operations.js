// node-postgres, then TypeORM.
import './pg.js';
import './typeorm.js';
