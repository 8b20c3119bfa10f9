# The Action for Splunk, bound at the end of the post-login flow. The secrets stay out of the state.
# Terraform 1.11 or later, because of write-only arguments. Credentials: AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET.

terraform {
  required_version = ">= 1.11"

  required_providers {
    auth0 = {
      source  = "auth0/auth0"
      version = ">= 1.40"
    }
  }
}

variable "splunk_hec_url" {
  type        = string
  description = "URL of the HTTP Event Collector, https://splunk.example.com:8088 for example"
}

variable "splunk_hec_token" {
  type        = string
  description = "Token of the HTTP Event Collector"
  sensitive   = true
  ephemeral   = true
}

variable "secrets_version" {
  type        = number
  description = "Raise it to send changed secrets: Terraform cannot see that a write-only value has changed"
  default     = 1
}

resource "auth0_action" "login_analytics" {
  name    = "login-analytics"
  runtime = "node22"
  deploy  = true
  code    = file("${path.module}/../dashboard.js")

  supported_triggers {
    id      = "post-login"
    version = "v3"
  }

  dependencies {
    name    = "auth0-login-analytics"
    version = "0.1.0"
  }

  secrets_wo {
    name  = "SPLUNK_HEC_URL"
    value = var.splunk_hec_url
  }

  secrets_wo {
    name  = "SPLUNK_HEC_TOKEN"
    value = var.splunk_hec_token
  }

  secrets_wo_version = var.secrets_version
}

# Adds one Action to the flow. auth0_trigger_actions would replace the whole flow, other teams' Actions included.
resource "auth0_trigger_action" "login_analytics" {
  trigger   = "post-login"
  action_id = auth0_action.login_analytics.id
}
