# frozen_string_literal: true

# Sidekiq, as the benchmark `drain` has it run, on the Redis at the socket STRATA_BENCH_REDIS.
#
#   sidekiq -r ./sidekiq_peer.rb      a worker process whose handler does nothing
#   ruby sidekiq_peer.rb              for each line with a number, puts so many jobs into the list 'queue:staged', which
#                                     no worker looks at, and says "filled"
#
# Both print "ready" first.

require 'sidekiq'

Redis.silence_deprecations = true if Redis.respond_to?(:silence_deprecations=)
$stdout.sync = true
redis = { url: "unix://#{ENV.fetch('STRATA_BENCH_REDIS')}" }
Sidekiq.logger.level = Logger::ERROR
Sidekiq.configure_client { |config| config.redis = redis }
Sidekiq.configure_server do |config|
  config.redis = redis
  config.on(:startup) { puts 'ready' }
end

# The job that does nothing.
class NoOperation
  include Sidekiq::Worker

  def perform(_place); end
end

JOBS_IN_ONE_PUSH = 1000

if $PROGRAM_NAME == __FILE__
  puts 'ready'
  while (line = $stdin.gets)
    (0...Integer(line)).each_slice(JOBS_IN_ONE_PUSH) do |places|
      Sidekiq::Client.push_bulk('class' => NoOperation, 'queue' => 'staged', 'args' => places.map { |place| [place] })
    end
    puts 'filled'
  end
end
