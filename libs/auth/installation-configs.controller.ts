import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { GLOBAL_CONFIG_NAMES, GlobalConfigService } from '#libs/config';
import { ApiErrors, type Shape } from '#libs/http';
import { SuperAdminsOnly } from './decorators.js';
import {
  InstallationConfigDto,
  InstallationConfigList,
  WriteInstallationConfigDto,
} from './installation-configs.dto.js';

/** Settings of the whole installation; secrets can be written and not read. */
@ApiTags('administration')
@Controller('super_admin/installation_configs')
@SuperAdminsOnly()
export class InstallationConfigsController {
  constructor(private readonly globalConfig: GlobalConfigService) {}

  @Get()
  @ApiOperation({
    operationId: 'listInstallationConfigs',
    summary: 'Settings of this service and where they come from',
  })
  @ApiOkResponse({ type: InstallationConfigList })
  async index(): Promise<Shape<InstallationConfigList>> {
    return { payload: await this.globalConfig.list() };
  }

  @Get(':name')
  @ApiOperation({ operationId: 'getInstallationConfig', summary: 'One setting' })
  @ApiParam({ name: 'name', enum: GLOBAL_CONFIG_NAMES })
  @ApiOkResponse({ type: InstallationConfigDto })
  @ApiErrors('not_found')
  show(@Param('name') name: string): Promise<Shape<InstallationConfigDto>> {
    return this.globalConfig.describe(name);
  }

  @Put(':name')
  @ApiOperation({ operationId: 'setInstallationConfig', summary: 'Store a setting' })
  @ApiParam({ name: 'name', enum: GLOBAL_CONFIG_NAMES })
  @ApiOkResponse({ type: InstallationConfigDto })
  @ApiErrors('malformed_json', 'not_found', 'validation_failed')
  update(
    @Param('name') name: string,
    @Body() { value }: WriteInstallationConfigDto,
  ): Promise<Shape<InstallationConfigDto>> {
    return this.globalConfig.set(name, value);
  }
}
