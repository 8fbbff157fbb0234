import { Module } from '@nestjs/common';
import { ConnectionsModule } from './connections.module.js';
import { TokenRotation } from './token-rotation.js';

/** For the process that rotates, and no other. */
@Module({ imports: [ConnectionsModule], providers: [TokenRotation], exports: [TokenRotation] })
export class TokenRotationModule {}
