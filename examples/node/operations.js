// node-postgres, then TypeORM: one behind the other, which plain imports would not be.
await import('./pg.js');
await import('./typeorm.js');
