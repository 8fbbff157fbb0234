import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiErrors, type Shape } from '#libs/http';
import { Profiles } from './profiles.js';
import { Sessions } from './sessions.js';
import { SignInAnswer, SignInDto } from './sign-in.dto.js';
import { SignIn } from './sign-in.service.js';

@ApiTags('auth')
@Controller('auth')
export class SignInController {
  constructor(
    private readonly signIn: SignIn,
    private readonly sessions: Sessions,
    private readonly profiles: Profiles,
  ) {}

  @Post('sign_in')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'signIn',
    summary: 'Sign in with e-mail and password',
    description: 'Answers the personal token of the user and a session token; either opens the API.',
  })
  @ApiOkResponse({
    type: SignInAnswer,
    headers: { authorization: { description: '`Bearer` and the session token', schema: { type: 'string' } } },
  })
  @ApiErrors('malformed_json', 'invalid_credentials', 'otp_required', 'validation_failed', 'throttled')
  async create(
    @Body() { email, password }: SignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Shape<SignInAnswer>> {
    const user = await this.signIn.verify({ email, password, ip: request.ip });
    const [session, profile] = await Promise.all([this.sessions.issue(user.id), this.profiles.read(user.id)]);
    void reply.header('authorization', `Bearer ${session.token}`).header('cache-control', 'no-store');
    return { data: { ...profile, session_token: session.token } };
  }
}
