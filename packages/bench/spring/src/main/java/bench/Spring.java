package bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.TopicPartitionOffset;

/**
 * One half of the Spring peer: {@code responder <linger>} or {@code requester <linger>}. Speaks the lines of the benchmark:
 * {@code ready}, then a load for each line of standard input and its figures.
 */
public final class Spring {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BROKERS = System.getenv("KAFKA_BROKERS");

  /** Starts calls. The common pool would make a thread for each task on a machine of two processors. */
  private static final Executor CALLERS = Executors.newSingleThreadExecutor();

  private Spring() {}

  public static void main(String[] args) throws Exception {
    String requests = "spring" + args[1] + ".requests";
    String replies = "spring" + args[1] + ".replies";
    createTopics(requests, replies);
    if (args[0].equals("responder")) respond(requests, args[1]);
    else request(requests, replies, args[1]);
  }

  private static void createTopics(String... names) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", BROKERS))) {
      for (String name : names) {
        try {
          admin.createTopics(List.of(new NewTopic(name, 1, (short) -1))).all().get();
        } catch (java.util.concurrent.ExecutionException exists) {
          if (!(exists.getCause() instanceof org.apache.kafka.common.errors.TopicExistsException)) throw exists;
        }
      }
    }
  }

  private static KafkaTemplate<String, String> template(String linger) {
    return new KafkaTemplate<>(producers(linger));
  }

  private static DefaultKafkaProducerFactory<String, String> producers(String linger) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", BROKERS);
    settings.put("linger.ms", linger);
    settings.put("key.serializer", StringSerializer.class);
    settings.put("value.serializer", StringSerializer.class);
    return new DefaultKafkaProducerFactory<>(settings);
  }

  private static DefaultKafkaConsumerFactory<String, String> consumers(String group) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", BROKERS);
    settings.put("group.id", group);
    settings.put("auto.offset.reset", "latest");
    settings.put("key.deserializer", StringDeserializer.class);
    settings.put("value.deserializer", StringDeserializer.class);
    return new DefaultKafkaConsumerFactory<>(settings);
  }

  private static void respond(String requests, String linger) throws Exception {
    KafkaTemplate<String, String> template = template(linger);
    CountDownLatch assigned = new CountDownLatch(1);
    ContainerProperties properties = new ContainerProperties(requests);
    properties.setConsumerRebalanceListener(new org.springframework.kafka.listener.ConsumerAwareRebalanceListener() {
      @Override
      public void onPartitionsAssigned(
          org.apache.kafka.clients.consumer.Consumer<?, ?> consumer, java.util.Collection<TopicPartition> partitions) {
        assigned.countDown();
      }
    });
    properties.setMessageListener((MessageListener<String, String>) record -> answer(template, record));
    var container = new ConcurrentMessageListenerContainer<>(consumers(requests + ".group"), properties);
    container.start();
    assigned.await();
    System.out.println("ready");
    new BufferedReader(new InputStreamReader(System.in)).lines().forEach(line -> {});
    System.exit(0);
  }

  private static void answer(KafkaTemplate<String, String> template, ConsumerRecord<String, String> record) {
    try {
      String operation = text(record.headers().lastHeader("operation"));
      JsonNode payload = JSON.readTree(record.value());
      ObjectNode body = JSON.createObjectNode();
      boolean isError = false;
      if (operation.equals("GetStock")) {
        String sku = payload.get("sku").asText();
        if (sku.equals("TEA-0001")) body.put("sku", sku).put("available", 17).put("reserved", 3);
        else {
          isError = true;
          body.put("_tag", "UnknownSku").put("sku", sku);
        }
      } else if (operation.equals("Claim")) {
        body.put("id", payload.get("id").asText()).put("left", 17);
      } else body.put("text", payload.get("text").asText());
      Header partition = record.headers().lastHeader(KafkaHeaders.REPLY_PARTITION);
      ProducerRecord<String, String> reply =
          new ProducerRecord<>(
              text(record.headers().lastHeader(KafkaHeaders.REPLY_TOPIC)),
              partition == null ? null : java.nio.ByteBuffer.wrap(partition.value()).getInt(),
              record.key(),
              JSON.writeValueAsString(body));
      reply.headers().add(record.headers().lastHeader(KafkaHeaders.CORRELATION_ID));
      if (isError) reply.headers().add("error", new byte[] {1});
      template.send(reply);
    } catch (Exception error) {
      throw new IllegalStateException(error);
    }
  }

  private static String text(Header header) {
    return new String(header.value(), java.nio.charset.StandardCharsets.UTF_8);
  }

  private static void request(String requests, String replies, String linger) throws Exception {
    ContainerProperties properties = new ContainerProperties(new TopicPartitionOffset(replies, 0, TopicPartitionOffset.SeekPosition.END));
    var container = new KafkaMessageListenerContainer<>(consumers(replies + ".group"), properties);
    var template = new ReplyingKafkaTemplate<>(producers(linger), container);
    template.setDefaultReplyTimeout(Duration.ofSeconds(30));
    template.setSharedReplyTopic(true);
    template.start();
    if (!template.waitForAssignment(Duration.ofSeconds(30))) throw new IllegalStateException("no assignment");
    // The container is assigned before its consumer has sought to the end: what is asked earlier has its answer lost.
    Thread.sleep(2_000);
    System.out.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      System.out.println(JSON.writeValueAsString(run(template, requests, JSON.readTree(line))));
    }
    System.exit(0);
  }

  /** Keeps so many calls in flight by starting the next one where one ends. */
  private static Map<String, Object> run(
      ReplyingKafkaTemplate<String, String, String> template, String requests, JsonNode load) throws Exception {
    int calls = load.get("calls").asInt();
    int inFlight = load.get("inFlight").asInt();
    int from = load.get("from").asInt();
    String operation = load.get("operation").asText();
    double[] millis = new double[calls];
    AtomicInteger made = new AtomicInteger();
    AtomicInteger wrong = new AtomicInteger();
    CountDownLatch ended = new CountDownLatch(inFlight);
    long startedAt = System.nanoTime();
    for (int caller = 0; caller < inFlight; caller++) {
      next(template, requests, operation, from, millis, made, wrong, ended);
    }
    ended.await();
    double seconds = (System.nanoTime() - startedAt) / 1e9;
    Arrays.sort(millis);
    Map<String, Object> figures = new HashMap<>();
    figures.put("perSecond", calls / seconds);
    figures.put("p50", at(millis, 0.5));
    figures.put("p90", at(millis, 0.9));
    figures.put("p99", at(millis, 0.99));
    figures.put("p999", at(millis, 0.999));
    figures.put("max", millis[calls - 1]);
    figures.put("wrong", wrong.get());
    return figures;
  }

  private static double at(double[] millis, double share) {
    return millis[Math.min(millis.length - 1, (int) (millis.length * share))];
  }

  private static void next(
      ReplyingKafkaTemplate<String, String, String> template,
      String requests,
      String operation,
      int from,
      double[] millis,
      AtomicInteger made,
      AtomicInteger wrong,
      CountDownLatch ended) {
    int index = made.getAndIncrement();
    if (index >= millis.length) {
      ended.countDown();
      return;
    }
    long startedAt = System.nanoTime();
    Question question = Question.of(operation, from + index);
    ProducerRecord<String, String> record = new ProducerRecord<>(requests, question.key(), question.payload());
    record.headers().add("operation", operation.getBytes());
    CompletableFuture<ConsumerRecord<String, String>> reply = template.sendAndReceive(record);
    reply.whenComplete((answer, error) -> {
      millis[index] = (System.nanoTime() - startedAt) / 1e6;
      if (error != null || !isRight(question, answer)) wrong.incrementAndGet();
      // On a thread of its own: the template's is busy with the next replies.
      CALLERS.execute(() -> next(template, requests, operation, from, millis, made, wrong, ended));
    });
  }

  private static boolean isRight(Question question, ConsumerRecord<String, String> answer) {
    try {
      boolean isError = answer.headers().lastHeader("error") != null;
      return isError == question.isError() && JSON.readTree(answer.value()).get(question.field()).asText().equals(question.expected());
    } catch (Exception error) {
      return false;
    }
  }

  /** What the call with a number asks, and the field of the answer that is compared. */
  private record Question(String key, String payload, String field, String expected, boolean isError) {
    static Question of(String operation, int index) {
      if (operation.equals("GetStock")) {
        boolean isError = index % 10 == 9;
        String sku = isError ? "GONE-0001" : "TEA-0001";
        return new Question(null, "{\"sku\":\"" + sku + "\"}", "sku", sku, isError);
      }
      if (operation.equals("Claim")) {
        String id = "claim-" + index;
        return new Question(id, "{\"id\":\"" + id + "\"}", "id", id, false);
      }
      int size = operation.equals("Echo60") ? 60 : operation.equals("Echo1K") ? 1_000 : 16_000;
      String text = "x".repeat(size - 11);
      return new Question(null, "{\"text\":\"" + text + "\"}", "text", text, false);
    }
  }
}
